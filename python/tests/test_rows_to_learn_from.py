"""Rows that training is given, and rows chosen for on several threads."""

from __future__ import annotations

import numpy as np
import pytest

import triage


def scored(n: int = 200) -> tuple[np.ndarray, triage.Table]:
    X = np.random.default_rng(0).random((n, 3)).astype(np.float32)
    right = np.stack([X[:, 0] > 0.5, X[:, 0] <= 0.7], axis=1)
    return X, triage.Table.from_scores(right.astype(float), X=X, costs=[1.0, 2.0])


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.uint64])
def test_rows_may_be_integers_of_any_width(dtype: type) -> None:
    _, table = scored()
    rows = np.arange(1, 200, 2)
    expected = triage.train(table, "premodel", rows=rows, progress=False)
    assert triage.train(table, "premodel", rows=rows.astype(dtype), progress=False) == expected
    assert triage.train(table, "premodel", rows=list(rows), progress=False) == expected


@pytest.mark.parametrize("wrong", [-1, 200, 2**32, 2**40])
def test_rows_outside_the_table_are_refused(wrong: int) -> None:
    _, table = scored()
    with pytest.raises(triage.UsageError, match=f"rows: {wrong}, expected positions of the table's"):
        triage.train(table, "premodel", rows=[0, 1, wrong], progress=False)


def test_many_rows_are_chosen_for_as_few_are() -> None:
    X, table = scored()
    policy = triage.train(table, "premodel", progress=False)
    many = np.random.default_rng(1).random((10_000, 3)).astype(np.float32)
    parts = [policy.choose(part) for part in np.array_split(many, 30)]
    np.testing.assert_array_equal(policy.choose(many), np.concatenate(parts))
