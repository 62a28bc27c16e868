"""Estimators for scikit-learn: cascades and selectors of classifiers; and, from beside it, the selection of algorithms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array

from triage import errors
from triage._policy_classifier import PolicyClassifier
from triage.algorithm_selector import AlgorithmSelector

__all__ = ["AlgorithmSelector", "CascadeClassifier", "SelectorClassifier"]


class CascadeClassifier(PolicyClassifier):
    """Asks cheap classifiers first, and dearer ones where those are not sure enough.

    Parameters
    ----------
    estimators : list of (str, estimator)
        Classifiers with `predict_proba`, cheap or not, in any order.
    prefit : bool
        Whether the estimators are fitted already: `fit` then learns the policy alone, from rows that they have not seen.
        They are not cloned.
    cv : int, splitter or iterable
        Folds in which estimators say what the policy learns from; fewer where a class has fewer rows.
    costs : mapping of str to float, or sequence of float, optional
        What a row costs with each estimator; not given: milliseconds of `predict_proba` a row, measured while fitting, in
        batches as large as the folds.
    kind : str
        The kind of policy, see `triage.train`: ``"auto"``, ``"cascade"``, ``"adaptive"``, ``"single:NAME"``. With fewer
        than 20 rows the single best estimator answers, whatever the kind.
    price : float, optional
        Score that a unit of cost is worth, in place of the aim to be no worse than the single best estimator. ``"auto"``
        is then ``"adaptive"``.
    random_state : int, RandomState or None
        Of whatever training the policy draws; the estimators have their own.

    Attributes
    ----------
    classes_ : array of shape (k,)
    estimators_ : list of estimators
        Fitted on all rows, in the order of `estimators`.
    policy_ : Policy
    table_ : Table
        What the policy learned from, for `triage.evaluate` and `triage.calibrate`. It is not pickled.
    costs_ : dict of str to float
        What a row costs with each estimator, in `cost_unit_`.
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features_in_,)
        Where X has names, all of which are strings.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_digits(return_X_y=True)
    >>> cascade = CascadeClassifier([("linear", LogisticRegression(max_iter=5000)), ("forest", RandomForestClassifier())])
    >>> cascade.fit(X[:900], y[:900]).decide(X[900:]).looks.mean() <= 2
    True
    """

    def __init__(
        self,
        estimators: Sequence[tuple[str, Any]],
        *,
        prefit: bool = False,
        cv: Any = 5,
        costs: Mapping[str, float] | Sequence[float] | None = None,
        kind: str = "auto",
        price: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimators, self.prefit, self.cv, self.costs = estimators, prefit, cv, costs
        self.kind, self.price, self.random_state = kind, price, random_state


class SelectorClassifier(PolicyClassifier):
    """Tells from X itself, before anything runs, which one of several classifiers answers a row.

    Parameters
    ----------
    estimators, prefit, cv, costs, random_state
        As of `CascadeClassifier`.
    kind : {"forests", "premodel"}
        How X tells: by forests that predict what is lost with each estimator, or by the paper's chain of nearest neighbours.
        With fewer than 20 rows the single best estimator answers.
    price : float, optional
        Of ``"forests"``: score that a unit of cost is worth.
    learner : str
        Of ``"forests"``: ``"seven-forests"``, ``"pairwise"``, ``"knn"``, ``"boosted-regression"`` or
        ``"boosted-classification"``.
    premodel : str
        Of ``"premodel"``: its choosers, ``knn``, ``dt`` or ``svm``, with dots between.

    Attributes
    ----------
    classes_, estimators_, policy_, table_, costs_, n_features_in_, feature_names_in_
        As of `CascadeClassifier`.

    Notes
    -----
    X has to be numbers, or a frame, whose columns of numbers are what the policy reads; estimators are given all columns.
    """

    learner: str
    premodel: str
    _reads_features = True

    def __init__(
        self,
        estimators: Sequence[tuple[str, Any]],
        *,
        prefit: bool = False,
        cv: Any = 5,
        costs: Mapping[str, float] | Sequence[float] | None = None,
        kind: str = "forests",
        price: float | None = None,
        learner: str = "seven-forests",
        premodel: str = "knn.knn.knn",
        random_state: Any = None,
    ) -> None:
        self.estimators, self.prefit, self.cv, self.costs = estimators, prefit, cv, costs
        self.kind, self.price, self.learner, self.premodel = kind, price, learner, premodel
        self.random_state = random_state

    def _features_for_policy(self, X: Any) -> npt.NDArray[np.float32] | None:
        return _numbers(X)

    def _check_estimators(self) -> None:
        super()._check_estimators()
        if self.kind not in ("forests", "premodel"):
            raise errors.UsageError(f"kind: {self.kind!r}, expected 'forests' or 'premodel', which choose by X")

    def _train_options(self) -> dict[str, Any]:
        return {"learner": self.learner, "premodel": self.premodel}


def _numbers(X: Any) -> npt.NDArray[np.float32]:
    """X as features of a policy; of a frame those columns that are numbers."""
    if hasattr(X, "select_dtypes"):
        X = X.select_dtypes(["number", "bool"])
        if X.shape[1] == 0:
            raise errors.UsageError("X: has no column of numbers, expected one or more, which tell what to run")
    found: npt.NDArray[np.float32] = check_array(X, dtype=np.float32, ensure_all_finite="allow-nan", order="C")
    return found
