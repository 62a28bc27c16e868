"""What is fast has to stay right: cascades in step, and rows that are read in place."""

from __future__ import annotations

import resource
from typing import Any

import numpy as np
import pytest

import triage
from triage.cascade import run_policy


def outcomes(n: int = 400, k: int = 4) -> tuple[dict[str, Any], np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(k, size=n)
    said = {}
    for name, sharpness in (("small", 1.0), ("large", 3.0)):
        values = np.exp(rng.normal(size=(n, k)) + sharpness * (np.arange(k) == y[:, None]))
        said[name] = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
    return said, y


@pytest.mark.parametrize("kind", ["cascade", "single:small"])
def test_orders_answer_as_the_core_decides_row_by_row(kind: str) -> None:
    said, y = outcomes()
    policy = triage.train(triage.Table.from_outcomes(said, y, {"small": 1, "large": 5}), kind, progress=False)
    costs = {"small": 1.0, "large": 5.0}
    models = {name: (lambda rows, values=values: values[rows]) for name, values in said.items()}
    found = run_policy(policy, np.arange(len(y)), models, costs, n_classes=4)
    decisions = triage._core.Decisions(policy._core, len(y), None, None)
    while (wanted := decisions.wanted()).max() >= 0:
        for model in np.unique(wanted[wanted >= 0]).tolist():
            rows = np.flatnonzero(wanted == model)
            name = policy.models[model]
            decisions.record(model, rows, said[name][rows], costs[name])
    assert (found.classes == decisions.classes()).all()
    assert (found.looks == decisions.looks()).all() and (found.models == decisions.models()).all()
    np.testing.assert_array_equal(found.confidences, decisions.confidences())
    np.testing.assert_array_equal(found.costs, decisions.costs())
    assert (found.probabilities.argmax(axis=1) == found.classes).all()
    short = run_policy(policy, np.arange(len(y)), models, costs, n_classes=4, with_probabilities=False)
    assert (short.classes == found.classes).all() and short.probabilities.shape == (0, 4)


def test_rows_are_chosen_for_in_place() -> None:
    rng = np.random.default_rng(0)
    d = 60
    X = rng.normal(size=(100, d)).astype(np.float32)
    table = triage.Table.from_scores(np.stack([X[:, 0] > 0, X[:, 0] < 0], axis=1).astype(float), X=X)
    policy = triage.train(table, "premodel", premodel="dt", progress=False)
    rows = np.zeros((500_000, d), dtype=np.float32)
    rows[:, 0] = 1
    assert np.shares_memory(policy._rows(rows), rows)
    policy.choose(rows[:10])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chosen = policy.choose(rows)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert len(chosen) == len(rows)
    assert grown < rows.nbytes / 4  # a copy would take as much as the rows, all of which are in memory
