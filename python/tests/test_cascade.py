"""Cascades of callables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import triage
from triage._native import core
from triage.cascade import run_policy


def made(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """A cheap model that is right and sure on most inputs, and a dear one that is nearly always right."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 2))
    y = (X[:, 0] * 4).astype(int)
    names = np.array(["a", "b", "c", "d"])

    def say(Z: np.ndarray, is_right: np.ndarray, sure: float) -> np.ndarray:
        truth = (Z[:, 0] * 4).astype(int)
        answer = np.where(is_right, truth, (truth + 1) % 4)
        out = np.full((len(Z), 4), (1 - sure) / 3)
        out[np.arange(len(Z)), answer] = sure
        return out

    def small(Z: np.ndarray) -> np.ndarray:
        easy = Z[:, 1] < 0.7
        out = say(Z, easy, 0.9)
        out[~easy] = say(Z[~easy], np.zeros((~easy).sum(), bool), 0.4)
        return out

    return X, names[y], {"small": small, "large": lambda Z: say(Z, Z[:, 1] < 0.99, 0.95)}


@pytest.mark.parametrize("kind", ["auto", "cascade", "adaptive"])
def test_asks_the_dear_model_where_the_cheap_one_is_unsure(kind: str) -> None:
    X, y, models = made(1500)
    cascade = triage.Cascade(models, costs={"small": 1, "large": 20}, cost_unit="usd", kind=kind).fit(X, y)
    Z, truth, _ = made(1000, seed=1)
    decided = cascade.decide(Z)
    hard = Z[:, 1] >= 0.7
    assert (decided.looks[~hard] == 1).all() and (decided.looks[hard] == 2).all()
    np.testing.assert_allclose(decided.costs, np.where(hard, 21, 1))
    assert (cascade.predict(Z) == truth).mean() > 0.98
    proba = cascade.predict_proba(Z)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-3)
    assert (cascade.classes_[proba.argmax(axis=1)] == cascade.predict(Z)).all()
    assert cascade.cost_unit_ == "usd" and cascade.table_.cost_unit == "usd"


def test_costs_are_measured() -> None:
    X, y, models = made(300)
    cascade = triage.Cascade(models).fit(X, y)
    assert cascade.cost_unit_ == "ms" and all(0 < cost < 1000 for cost in cascade.costs_.values())


def test_inputs_of_every_kind() -> None:
    X, y, models = made(400)
    want = triage.Cascade(models, costs={"small": 1, "large": 9}, kind="cascade").fit(X, y).predict(X)
    rows = {name: (lambda Z, f=f: f(np.asarray(Z))) for name, f in models.items()}
    kinds: list[Any] = [[list(row) for row in X], tuple(map(tuple, X))]
    pandas = pytest.importorskip("pandas")
    kinds.append(pandas.DataFrame(X, columns=["u", "v"], index=range(7, 407)))
    for Z in kinds:
        cascade = triage.Cascade(rows, costs={"small": 1, "large": 9}, kind="cascade").fit(Z, y)
        np.testing.assert_array_equal(cascade.predict(Z), want)
    assert len(triage.Cascade(models, kind="cascade").fit(X, y).predict(X[:0])) == 0


def test_the_short_way_for_cascades_decides_as_the_policy_does() -> None:
    """Thresholds alone decide, as they are worked out by hand here."""
    X, y, models = made(800)
    cascade = triage.Cascade(models, costs={"small": 1, "large": 9}, kind="cascade").fit(X, y)
    (first, threshold), (second, _) = cascade.policy_._core.look_order(None)
    names = cascade.policy_.models
    said = models[names[first]](X).astype(np.float32)
    goes_on = said.max(axis=1).astype(np.float64) < threshold
    decided = cascade.decide(X)
    np.testing.assert_array_equal(decided.looks, np.where(goes_on, 2, 1))
    np.testing.assert_array_equal(decided.models, np.where(goes_on, second, first))
    last = np.where(goes_on[:, None], models[names[second]](X), said)
    np.testing.assert_array_equal(decided.classes, last.argmax(axis=1))


def test_many_rows_are_decided_as_few_are() -> None:
    """On several threads as on one."""
    X, y, models = made(1000)
    cascade = triage.Cascade(models, costs={"small": 1, "large": 9}, kind="adaptive").fit(X, y)
    Z, _, _ = made(70_000, seed=2)
    together = cascade.decide(Z)
    for first in range(0, 70_000, 35_000):
        part = cascade.decide(Z[first : first + 500])
        np.testing.assert_array_equal(part.classes, together.classes[first : first + 500])
        np.testing.assert_array_equal(part.looks, together.looks[first : first + 500])


def test_frontier_is_drawn() -> None:
    X, y, models = made(600)
    cascade = triage.Cascade(models, costs={"small": 1, "large": 9}).fit(X, y)
    frontier = cascade.frontier_
    assert set(frontier.models) == {"small", "large"} and len(frontier.points) > 1
    costs = [cost for cost, _, _ in frontier.points]
    assert costs == sorted(costs)
    assert frontier._repr_svg_().startswith("<svg")
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    assert frontier.plot().get_xlabel() == "mean cost, cost"


def test_what_is_refused() -> None:
    X, y, models = made(100)
    with pytest.raises(triage.UsageError, match="models: none"):
        triage.Cascade({})
    with pytest.raises(triage.UsageError, match="not fitted"):
        triage.Cascade(models).predict(X)
    with pytest.raises(triage.UsageError, match="99 labels, expected 100"):
        triage.Cascade(models).fit(X, y[:-1])
    with pytest.raises(triage.UsageError, match=r"'small': gave an array of shape \(100, 2\)"):
        triage.Cascade({"small": lambda Z: Z, "large": models["large"]}).fit(X, y)
    with pytest.raises(triage.UsageError, match="NaN"):
        triage.Cascade({"small": lambda Z: np.full((len(Z), 4), np.nan)}).fit(X, y)
    with pytest.raises(triage.UsageError, match="'d'"):
        triage.Cascade(models, classes=["a", "b", "c"]).fit(X, y)

    def breaks(Z: np.ndarray) -> np.ndarray:
        raise ConnectionError("no route")

    with pytest.raises(ConnectionError, match="no route"):
        triage.Cascade({"small": models["small"], "large": breaks}).fit(X, y)


def test_features_have_to_be_the_policys() -> None:
    rng = np.random.default_rng(0)
    table = triage.Table.from_frame(
        {"id": range(60), "f": rng.random(60), "m:score": rng.integers(0, 2, 60), "n:score": rng.integers(0, 2, 60)}
    )
    policy = triage.train(table, "forests", progress=False)
    with pytest.raises(triage.UsageError, match=r"expected \(3, 1\) numbers"):
        run_policy(policy, np.zeros((3, 2)), {}, {}, n_classes=2)
    decisions = core.Decisions(policy._core, 3, np.zeros((3, 1), np.float32), None)
    with pytest.raises(triage.UsageError, match="2 rows, expected 1"):
        decisions.record(0, np.zeros(1, np.int64), np.zeros((2, 2), np.float32), 1.0)
