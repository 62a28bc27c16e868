"""Rows that training is given, and choosing for many rows, which is done together and on several threads."""

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


@pytest.mark.parametrize("kind", ["premodel", "forests"])
def test_the_first_step_of_many_rows_is_what_each_alone_takes(kind: str) -> None:
    X, table = scored()
    policy = triage.train(table, kind, progress=False)
    many = np.random.default_rng(1).random((5_000, 3)).astype(np.float32)
    together = np.asarray(triage._core.Decisions(policy._core, len(many), many, None).wanted())
    alone = [triage._core.Decisions(policy._core, 1, row[None], None).wanted()[0] for row in many[:300]]
    np.testing.assert_array_equal(together[:300], alone)
    np.testing.assert_array_equal(together, policy.choose(many))
    models = {name: lambda rows: np.tile([[0.25, 0.75]], (len(rows), 1)) for name in policy.models}
    found = triage.run_policy(policy, many, models, dict.fromkeys(policy.models, 1.0), n_classes=2, features=many)
    np.testing.assert_array_equal(found.models, together)
    assert (found.looks == 1).all() and (found.classes == 1).all()
