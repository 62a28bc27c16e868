"""Plots show what they are given, on axes that can be read."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import fashion_data as fashion
import pytest

import triage
from triage import plots

MODELS = {"small <b>": (0.001, 0.8), "large": (0.1, 0.95)}
POINTS = [(0.001, 0.8, 3.0), (0.01, 0.9, 1.0), (0.05, 0.96, 0.1)]


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_a_frontier_is_a_picture_without_matplotlib() -> None:
    svg = triage.Frontier(POINTS, MODELS, "usd")._repr_svg_()
    shown = texts(svg)
    assert "small <b>" in shown and "large" in shown and "mean cost, usd" in shown
    assert {"0.001", "0.01", "0.1"} <= set(shown)  # costs differ much, so the axis is logarithmic
    assert {"0.8", "0.85", "0.9", "0.95"} <= set(shown)
    assert svg.count("<circle") == len(POINTS) + len(MODELS)


@pytest.mark.parametrize("costs", [(1.0, 1.0), (0.0, 5.0), (2.0, 3.0)])
def test_any_costs_can_be_drawn(costs: tuple[float, float]) -> None:
    cheap, dear = costs
    svg = triage.Frontier([(cheap, 0.5, 1.0)], {"a": (cheap, 0.5), "b": (dear, 0.5)}, "ms")._repr_svg_()
    assert {"a", "b", "0.5"} <= set(texts(svg))


@pytest.mark.parametrize(
    "low, high, expected",
    [(0.84, 0.93, [0.84, 0.86, 0.88, 0.9, 0.92]), (0.0, 5.0, [0, 1, 2, 3, 4, 5]), (7.0, 7.0, [7.0]), (-1.0, 1.0, [-1, 0, 1])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert plots._ticks(low, high) == pytest.approx(expected)


def test_a_result_shows_its_chain() -> None:
    fashion.need_pictures()
    result = triage.Classifier(fashion.cascade_policy(), fashion.ZOO)(fashion.pictures()[0])
    page = result._repr_html_()
    assert result.label in page and all(look.model in page for look in result.looks)


@pytest.fixture(scope="module")
def evaluation() -> Any:
    fashion.need_pictures()
    return triage.evaluate(fashion.profiled(), cv=3, bootstrap=0, progress=False)


def test_an_evaluation_is_plotted(evaluation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    axes = evaluation.plot()
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"zero router", "adaptive", "premodel"} <= set(legend)
    assert {"linear", "residual_small"} <= {text.get_text() for text in axes.texts}
    assert axes.get_xlabel() == "mean cost, ms" and axes.get_ylabel() == "top1 %"
    assert axes.get_xscale() == "log"
    again = evaluation.plot(axes)
    assert again is axes


def test_an_evaluation_is_its_report_in_a_notebook(evaluation: Any) -> None:
    assert evaluation._repr_html_().startswith("<iframe srcdoc=")


def test_premodels_take_theta_k_and_a_number_of_models() -> None:
    fashion.need_pictures()
    options = {"premodel": "knn", "progress": False}
    many, few, one = (
        triage.train(fashion.profiled(), "premodel", **options, **each)
        for each in ({"theta": 0.0, "k": 3}, {"theta": 0.02}, {"max_stages": 1})
    )
    assert len(many.models) > len(few.models) > len(one.models) == 1
    assert (many.training["k"], few.training["k"]) == ("3", "5") and few.training["theta"] == "0.02"
    with pytest.raises(triage.UsageError, match="k"):
        triage.train(fashion.profiled(), "premodel", k=4, progress=False)
