"""Cascades of any callables: models that Triage does not run itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from triage import errors
from triage._native import core
from triage.learning import Evaluation, chosen_frontier, evaluate, train
from triage.plots import Frontier
from triage.policy import Policy
from triage.progress import ProgressLike
from triage.table import Table, class_numbers

#: Inputs in, class probabilities of shape (n, k) out.
PredictProba = Callable[[Any], npt.ArrayLike]


@dataclass(frozen=True)
class Decisions:
    """What a policy decided on n inputs.

    Attributes
    ----------
    classes : array of shape (n,), int32
        Positions of the classes answered.
    confidences : array of shape (n,)
        How sure the answers are, 0 to 1.
    probabilities : array of shape (n, k)
        Of the classes.
    models : array of shape (n,), int32
        Position in the policy's models of the last one that ran, or whose answer it is.
    looks : array of shape (n,), int32
        How many models ran.
    costs : array of shape (n,)
        What they cost.
    """

    classes: npt.NDArray[np.int32]
    confidences: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]
    models: npt.NDArray[np.int32]
    looks: npt.NDArray[np.int32]
    costs: npt.NDArray[np.float64]


def run_policy(
    policy: Policy,
    X: Any,
    models: Mapping[str, PredictProba],
    costs: Mapping[str, float],
    *,
    n_classes: int,
    features: npt.NDArray[np.float32] | None = None,
    price: float | None = None,
    with_probabilities: bool = True,
) -> Decisions:
    """Has a policy decide on inputs, step by step: each model runs once on all inputs that want it next.

    Where probabilities are not asked for they may be left out: of shape (0, k).
    """
    n = n_rows(X)
    if policy.kind in ("cascade", "single") and price is None:
        return _run_in_order(policy, X, models, costs, n_classes, n if with_probabilities else 0)
    decisions = core.Decisions(policy._core, n, features, price)
    probabilities = np.zeros((n, n_classes), dtype=np.float32)
    names = policy.models
    while True:
        wanted = np.asarray(decisions.wanted())
        asked = np.unique(wanted[wanted >= 0])
        if len(asked) == 0:
            break
        for model in asked.tolist():
            rows = np.flatnonzero(wanted == model)
            name = names[model]
            said = as_probabilities(models[name](take_rows(X, rows, n)), len(rows), n_classes, name)
            probabilities[rows] = said
            decisions.record(model, rows, said, costs[name])
    decisions.probabilities(probabilities)
    return Decisions(
        np.asarray(decisions.classes()),
        np.asarray(decisions.confidences()),
        probabilities,
        np.asarray(decisions.models()),
        np.asarray(decisions.looks()),
        np.asarray(decisions.costs()),
    )


def _run_in_order(
    policy: Policy, X: Any, models: Mapping[str, PredictProba], costs: Mapping[str, float], n_classes: int, n_kept: int
) -> Decisions:
    """Of policies whose order is the same for all inputs; each stage answers what it is sure of, and passes the others on."""
    n = n_rows(X)
    found = Decisions(
        np.empty(n, dtype=np.int32),
        np.empty(n, dtype=np.float32),
        np.empty((n_kept, n_classes), dtype=np.float32),
        np.empty(n, dtype=np.int32),
        np.empty(n, dtype=np.int32),
        np.empty(n, dtype=np.float64),
    )
    kept = found.probabilities if n_kept == n else None
    answers = core.CascadeAnswers(found.classes, found.confidences, found.models, found.looks, found.costs, kept)
    order = policy._core.look_order(None) if policy.kind == "cascade" else [(0, 0.0)]
    rows: npt.NDArray[np.int64] | None = None
    spent = 0.0
    for looks, (model, threshold) in enumerate(order, start=1):
        if rows is not None and len(rows) == 0:
            break
        name = policy.models[model]
        asked = X if rows is None else take_rows(X, rows, n)
        said = as_probabilities(models[name](asked), n if rows is None else len(rows), n_classes, name)
        spent += costs[name]
        least = threshold if looks < len(order) else -math.inf
        rows = np.asarray(core.accept_rows(said, rows, least, model, looks, spent, answers))
    return found


class Cascade:
    """Decides for each input which of several callables to ask, whether to ask another, and when to stop.

    Parameters
    ----------
    models : mapping of str to callable
        Each takes inputs and gives class probabilities of shape (n, k): the `predict_proba` of an estimator, a network, a
        request to a server.
    costs : mapping of str to float, optional
        What one input costs with each; not given: milliseconds, measured while fitting.
    cost_unit : str, optional
        What given costs count in.
    classes : sequence of length k, optional
        The class of each column; not given: the sorted labels of `fit`.
    kind : str
        The kind of policy, see `train`.
    batch_size : int
        Inputs that a callable is given at once while fitting.
    seed : int

    Attributes
    ----------
    policy_ : Policy
    table_ : Table
        What the models said of the inputs of `fit`, for `evaluate` and `calibrate`.
    classes_ : array of shape (k,)
    costs_ : dict of str to float
        What one input costs with each model, in `cost_unit_`.
    """

    policy_: Policy
    table_: Table
    classes_: npt.NDArray[Any]
    costs_: dict[str, float]
    cost_unit_: str

    def __init__(
        self,
        models: Mapping[str, PredictProba],
        *,
        costs: Mapping[str, float] | None = None,
        cost_unit: str | None = None,
        classes: Sequence[Any] | None = None,
        kind: str = "auto",
        batch_size: int = 1024,
        seed: int = 0,
    ) -> None:
        if not models:
            raise errors.UsageError("models: none, expected two or more callables by their names")
        self.models = dict(models)
        self.costs, self.cost_unit, self.classes = costs, cost_unit, classes
        self.kind, self.batch_size, self.seed = kind, batch_size, seed
        self._evaluation: Evaluation | None = None

    def fit(self, X: Any, y: npt.ArrayLike, *, progress: ProgressLike = False) -> Cascade:
        """Asks every model about every input, and learns from that when another is worth asking.

        Parameters
        ----------
        X : array, frame or sequence of n inputs
            They should not be those that the models were trained on, where models look surer than they are.
        y : array of shape (n,)
            The right classes.
        """
        truth = np.asarray(y)
        self.classes_ = np.unique(truth) if self.classes is None else np.asarray(self.classes)
        class_numbers(truth, self.classes_)
        if len(truth) != n_rows(X):
            raise errors.UsageError(f"y: {len(truth)} labels, expected {n_rows(X)}, one for each of X")
        said, measured = {}, {}
        for name, model in self.models.items():
            said[name], measured[name] = self._ask(name, model, X)
        self.costs_ = {name: float(self.costs[name]) for name in self.models} if self.costs is not None else measured
        self.cost_unit_ = (self.cost_unit or "cost") if self.costs is not None else "ms"
        self.table_ = Table.from_outcomes(said, truth, self.costs_, classes=list(self.classes_), cost_unit=self.cost_unit_)
        self.policy_ = train(self.table_, self.kind, seed=self.seed, progress=progress)
        self._evaluation = None
        return self

    def decide(self, X: Any, *, price: float | None = None) -> Decisions:
        """What is answered on each input, by which models and at what cost."""
        if not hasattr(self, "policy_"):
            raise errors.UsageError("cascade: is not fitted, expected fit(X, y) before it decides")
        k = len(self.classes_)
        return run_policy(self.policy_, X, self.models, self.costs_, n_classes=k, price=price)

    def predict(self, X: Any, *, price: float | None = None) -> npt.NDArray[Any]:
        """The class of each input, of shape (n,)."""
        decided = self.decide(X, price=price)
        return self.classes_[decided.classes]

    def predict_proba(self, X: Any, *, price: float | None = None) -> npt.NDArray[np.float32]:
        """Probabilities of shape (n, k), by `classes_`."""
        return self.decide(X, price=price).probabilities

    @property
    def evaluation_(self) -> Evaluation:
        """The policy that `fit` learns, judged by cross-validation on its inputs; made when it is first asked for."""
        if self._evaluation is None:
            self._evaluation = evaluate(self.table_, cv=5, bootstrap=200, seed=self.seed, progress=False)
        return self._evaluation

    @property
    def frontier_(self) -> Frontier:
        """Score against cost as the price varies, by cross-validation."""
        data = self.evaluation_.data
        chosen = chosen_frontier(data) or data["zero_router"]
        points = [(p["ms"], p["score"], math.nan if p["price"] is None else p["price"]) for p in chosen["points"]]
        singles = {m["name"]: (m["pooled"]["mean_ms"], m["pooled"]["score"]) for m in data["methods"] if m["kind"] == "single"}
        return Frontier(points, singles, self.cost_unit_)

    def _ask(self, name: str, model: PredictProba, X: Any) -> tuple[npt.NDArray[np.float32], float]:
        """What it says of all inputs, and its milliseconds for one; the first batch is asked twice, since it warms it up."""
        n, k = n_rows(X), len(self.classes_)
        said = np.empty((n, k), dtype=np.float32)
        as_probabilities(model(take_rows(X, np.arange(min(n, self.batch_size)), n)), min(n, self.batch_size), k, name)
        seconds = 0.0
        for first in range(0, n, self.batch_size):
            rows = np.arange(first, min(n, first + self.batch_size))
            batch = take_rows(X, rows, n)
            start = time.perf_counter()
            answer = model(batch)
            seconds += time.perf_counter() - start
            said[rows] = as_probabilities(answer, len(rows), k, name)
        return said, 1e3 * seconds / n

    def __repr__(self) -> str:
        state = repr(self.policy_) if hasattr(self, "policy_") else "not fitted"
        return f"Cascade({', '.join(self.models)}; {state})"


def n_rows(X: Any) -> int:
    """How many inputs there are."""
    shape = getattr(X, "shape", None)
    return int(shape[0]) if shape is not None else len(X)


def take_rows(X: Any, rows: npt.NDArray[np.intp], n: int) -> Any:
    """Some of the inputs, all of them without a copy."""
    if len(rows) == n:
        return X
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if isinstance(X, (list, tuple)):
        return [X[i] for i in rows.tolist()]
    return X[rows]


def as_probabilities(said: npt.ArrayLike, n: int, k: int, name: str) -> npt.NDArray[np.float32]:
    """Checked, as the core takes them."""
    values = np.ascontiguousarray(said, dtype=np.float32)
    if values.shape != (n, k):
        raise errors.UsageError(
            f"model '{name}': gave an array of shape {values.shape}, expected ({n}, {k}): a row for each input and a column "
            "for each class"
        )
    if not np.isfinite(values).all():
        raise errors.UsageError(f"model '{name}': gave NaN or infinite probabilities, expected numbers from 0 to 1")
    return values
