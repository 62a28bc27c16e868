"""Selecting algorithms by features, as an estimator for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from triage import errors
from triage.learning import train
from triage.policy import Policy
from triage.table import Table

#: Fewer rows than these teach no policy: the single best model answers then.
FEWEST_ROWS = 20


class AlgorithmSelector(BaseEstimator):  # type: ignore[misc]
    """Tells from features which of m algorithms does best on an input.

    Parameters
    ----------
    learner : str
        ``"seven-forests"``, ``"pairwise"``, ``"knn"``, ``"boosted-regression"`` or ``"boosted-classification"``.
    maximize : bool
        Whether the matrix has scores, of which more is better, in place of costs.
    random_state : int, RandomState or None

    Attributes
    ----------
    policy_ : Policy
        Of kind ``forests``; with fewer than 20 rows that can be learned from, the single best algorithm.
    table_ : Table
        What it was learned from. It is not pickled.
    algorithms_ : array of shape (m,)
        What `predict` answers with: the columns' names where the matrix is a frame, else 0 to m - 1.
    n_features_in_, feature_names_in_
        As of all estimators.
    """

    policy_: Policy
    table_: Table
    algorithms_: npt.NDArray[Any]
    n_features_in_: int

    def __init__(self, *, learner: str = "seven-forests", maximize: bool = False, random_state: Any = None) -> None:
        self.learner, self.maximize, self.random_state = learner, maximize, random_state

    def fit(self, X: Any, y: Any) -> Any:
        """Learns from costs.

        Parameters
        ----------
        X : array or frame of shape (n, d)
            Numbers, NaN where missing.
        y : array or frame of shape (n, m)
            What each algorithm cost on each input, or scored; NaN where it was not run. Rows without all of them are not
            learned from.
        """
        named = list(y.columns) if hasattr(y, "columns") else None
        if y is None:
            raise errors.UsageError("AlgorithmSelector requires y to be passed, but the target y is None")
        X = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", order="C")
        costs = _matrix_of_costs(y)
        check_consistent_length(X, costs)
        m = costs.shape[1]
        self.algorithms_ = np.arange(m) if named is None else np.asarray(named)
        complete = np.flatnonzero(np.isfinite(costs).all(axis=1))
        if len(complete) == 0:
            raise errors.UsageError("y: no row has a number for each algorithm, expected one or more that do")
        self._means = costs[complete].mean(axis=0)
        self._worst, self._best = _range_of(costs, self.maximize)
        names = [str(name) for name in self.algorithms_]
        self.table_ = Table.from_scores(
            costs, X=X, models=names, score_range=(self._worst, self._best), score_name="score" if self.maximize else "cost"
        )
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        if len(complete) < FEWEST_ROWS or m == 1:
            best = int(np.argmax(self._means) if self.maximize else np.argmin(self._means))
            self.policy_ = train(self.table_, f"single:{names[best]}", progress=False)
        else:
            self.policy_ = train(self.table_, "forests", price=0.0, learner=self.learner, seed=seed, progress=False)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The algorithm to run on each input, of shape (n,): one of `algorithms_`.

        It is what votes for best, which need not be the one of the least predicted cost.
        """
        positions = self._positions(X)
        return self.algorithms_[positions]

    def predict_costs(self, X: Any) -> npt.NDArray[np.float64]:
        """What each algorithm is expected to cost, or to score, on each input, of shape (n, m)."""
        rows = self._rows(X)
        losses = self.policy_._core.expected_losses(rows, None) if self.policy_.feature_names else None
        if losses is None:
            return np.tile(self._means, (len(rows), 1))
        shares = 1.0 - np.asarray(losses, dtype=np.float64)
        return self._worst + (self._best - self._worst) * shares

    def score(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> float:
        """The mean score of the algorithms chosen; of costs their mean with a minus before it, so that more is better."""
        costs = _matrix_of_costs(y)
        chosen = costs[np.arange(len(costs)), self._positions(X)]
        mean = float(np.average(chosen, weights=None if sample_weight is None else np.asarray(sample_weight)))
        return mean if self.maximize else -mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("table_", None)
        return state

    def _rows(self, X: Any) -> npt.NDArray[np.float32]:
        check_is_fitted(self)
        found: npt.NDArray[np.float32] = validate_data(
            self, X, reset=False, dtype=np.float32, ensure_all_finite="allow-nan", order="C"
        )
        return found

    def _positions(self, X: Any) -> npt.NDArray[np.intp]:
        """In `algorithms_`."""
        rows = self._rows(X)
        names = [str(name) for name in self.algorithms_]
        position = np.array([names.index(name) for name in self.policy_.models], dtype=np.intp)
        if not self.policy_.feature_names:
            return np.repeat(position[:1], len(rows))
        return position[self.policy_.choose(rows)]


def _matrix_of_costs(y: Any) -> npt.NDArray[np.float64]:
    """(n, m); a single column may come as a vector."""
    costs: npt.NDArray[np.float64] = check_array(y, dtype=np.float64, ensure_2d=False, ensure_all_finite="allow-nan", order="C", input_name="y")
    return costs.reshape(len(costs), -1)


def _range_of(costs: npt.NDArray[np.float64], maximize: bool) -> tuple[float, float]:
    """The worst and the best, which differ."""
    low, high = float(np.nanmin(costs)), float(np.nanmax(costs))
    if not high > low:
        high = low + max(1.0, abs(low))
    return (low, high) if maximize else (high, low)
