"""Tables from frames, files and outcomes."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

import triage

LONG: dict[str, list[Any]] = {
    "prompt": ["p1", "p1", "p2", "p2", "p3"],
    "who": ["small", "large", "small", "large", "small"],
    "quality": [0.0, 1.0, 0.5, 1.0, 1.0],
    "usd": [0.1, 2.0, 0.1, 2.5, 0.1],
    "length": [10, 10, 7, 7, 3],
}


def frames() -> list[Any]:
    made: list[Any] = [LONG]
    for name, make in (
        ("pandas", lambda m: m.DataFrame(LONG)),
        ("polars", lambda m: m.DataFrame(LONG)),
        ("pyarrow", lambda m: m.table(LONG)),
    ):
        try:
            module = __import__(name)
        except ImportError:
            continue
        made.append(make(module))
    return made


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__.split(".")[0])
def test_the_long_form(frame: Any) -> None:
    table = triage.Table.from_frame(frame, input="prompt", model="who", score="quality", cost="usd")
    assert table.ids == ["p1", "p2", "p3"] and table.models == ["small", "large"]
    assert table.cost_unit == "usd" and table.feature_names == ["length"]
    np.testing.assert_array_equal(table.scores(), [[0, 1], [0.5, 1], [1, np.nan]])
    np.testing.assert_allclose(table.costs(), [[0.1, 2], [0.1, 2.5], [0.1, np.nan]])
    np.testing.assert_array_equal(table.features, [[10], [7], [3]])


def test_missing_values_of_every_kind() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "id": ["a", "b"],
            "x": pandas.array([1, None], dtype="Int64"),
            "y": [np.nan, 2.5],
            "flag": [True, False],
            "m:score": [1.0, 0.0],
        }
    )
    table = triage.Table.from_frame(frame)
    assert table.feature_names == ["x", "y", "flag"]
    np.testing.assert_array_equal(table.features, [[1, np.nan, 1], [np.nan, 2.5, 0]])


def test_columns_that_are_named_and_left_out() -> None:
    frame = {"id": ["a", "b"], "x": [1, 2], "z": [3, 4], "m:score": [5, 9], "n:score": [7, 1], "m:usd": [1, 1], "n:usd": [1, 1]}
    table = triage.Table.from_frame(frame, features=["x"], score_range=(0, 10), score_name="quality")
    assert table.feature_names == ["x"]
    np.testing.assert_allclose(table.scores(), [[0.5, 0.7], [0.9, 0.1]])
    assert triage.Table.from_frame(frame, ignore=["x"]).feature_names == ["z"]
    best_low = triage.Table.from_frame(frame, lower_is_better=True)
    np.testing.assert_allclose(best_low.scores(), [[0.5, 0.25], [0, 1]])


def test_refused_with_line_and_column() -> None:
    with pytest.raises(triage.DataError, match="line 2, column 'm:score': 'many'"):
        triage.Table.from_frame({"id": ["a", "b"], "m:score": ["1", "many"]})
    with pytest.raises(triage.DataError, match="prices: "):
        triage.Table.from_frame({"id": ["a", "a"], "m:score": [1, 0]}, name="prices")
    with pytest.raises(triage.UsageError, match="'nothing': is not in the table"):
        triage.Table.from_frame(LONG, input="nothing")
    with pytest.raises(TypeError, match="colour"):
        triage.Table.from_frame(LONG, colour="red")


def test_files_are_read_and_written(tmp_path: pathlib.Path) -> None:
    table = triage.Table.from_frame(LONG, input="prompt", model="who", score="quality", cost="usd")
    for form in ("long", "wide"):
        table.export(tmp_path / f"{form}.csv", form=form)
        again = triage.Table.read(tmp_path / f"{form}.csv", score_range=(0, 1))
        np.testing.assert_array_equal(again.scores(), table.scores())
        np.testing.assert_array_equal(again.costs(), table.costs())
    (tmp_path / "t.jsonl").write_text('{"id": "a", "m:score": 1}\n{"id": "b", "m:score": 0}\n')
    assert triage.Table.read(tmp_path / "t.jsonl").ids == ["a", "b"]
    with pytest.raises(OSError):
        triage.Table.read(tmp_path / "nothing.csv")
    with pytest.raises(triage.UsageError, match="'tall'"):
        table.export(tmp_path / "t.csv", form="tall")


def test_memory_is_shared_and_stays_alive() -> None:
    table = triage.Table.from_frame(LONG, input="prompt", model="who", score="quality", cost="usd")
    features, labels = table.features, table.labels
    assert np.shares_memory(features, table.features) and np.shares_memory(labels, table.labels)
    assert not features.flags.writeable
    del table
    np.testing.assert_array_equal(features, [[10], [7], [3]])


def test_outcomes_of_classifiers() -> None:
    said = {"a": [[0.9, 0.1], [0.3, 0.7]], "b": [[0.2, 0.8], [0.1, 0.9]]}
    table = triage.Table.from_outcomes(said, ["cat", "dog"], {"a": 1, "b": [5, 6]}, cost_unit="usd", X=[[1, 2], [3, 4]])
    np.testing.assert_array_equal(table.scores(), [[1, 0], [1, 1]])
    np.testing.assert_array_equal(table.costs(), [[1, 5], [1, 6]])
    np.testing.assert_allclose(table.confidences(), [[0.9, 0.8], [0.7, 0.9]])
    np.testing.assert_array_equal(table.answers(), [[0, 1], [1, 1]])
    assert table.label_names == ["cat", "dog"] and table.feature_names == ["x0", "x1"]
    with pytest.raises(triage.UsageError, match=r"'a': shape \(2, 2\), expected \(3, 3\)"):
        triage.Table.from_outcomes(said, ["cat", "dog", "cow"], {"a": 1, "b": 1})
    with pytest.raises(triage.UsageError, match="'cow'"):
        triage.Table.from_outcomes(said, ["cat", "cow"], {"a": 1, "b": 1}, classes=["cat", "dog"])
    with pytest.raises(triage.UsageError, match="costs"):
        triage.Table.from_outcomes(said, ["cat", "dog"], {"a": 1})


def test_parts_of_a_table(table: triage.Table) -> None:
    mask = table.labels == 0
    part = table.select(mask)
    assert len(part) == mask.sum() and (part.labels == 0).all()
    assert table.select([5, 2]).ids == [table.ids[5], table.ids[2]]
    pandas = pytest.importorskip("pandas")
    for what in ("scores", "costs", "times", "answers", "confidences", "features"):
        assert isinstance(table.frame(what), pandas.DataFrame)
    with pytest.raises(triage.UsageError, match="'logits'"):
        table.frame("logits")


def test_a_profile_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(triage.IoError):
        triage.Table.load(tmp_path / "x.profile")
    (tmp_path / "y.profile").write_text("no profile")
    with pytest.raises(triage.ProfileError):
        triage.Table.load(tmp_path / "y.profile")
