"""What the estimators that are cascades and selectors of classifiers share: fitting, deciding, parameters."""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import check_cv
from sklearn.utils import assert_all_finite, check_random_state, get_tags
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_is_fitted,
    column_or_1d,
    has_fit_parameter,
    validate_data,
)

from triage import errors
from triage.algorithm_selector import FEWEST_ROWS
from triage.cascade import Decisions, n_rows, run_policy, take_rows
from triage.learning import train
from triage.policy import Policy
from triage.table import Table


class PolicyClassifier(ClassifierMixin, _BaseComposition):  # type: ignore[misc]
    """Classifiers, of which a policy chooses for each row: what cascades and selectors share."""

    classes_: npt.NDArray[Any]
    estimators_: list[Any]
    policy_: Policy
    table_: Table
    costs_: dict[str, float]
    cost_unit_: str
    n_features_in_: int

    estimators: Sequence[tuple[str, Any]]
    prefit: bool
    cv: Any
    costs: Mapping[str, float] | Sequence[float] | None
    kind: str
    price: float | None
    random_state: Any

    def fit(self, X: Any, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """Fits clones of the estimators on all rows, and the policy on what others said of rows that they had not seen.

        Parameters
        ----------
        X : array, sparse matrix or frame of n rows
            Given to the estimators as it is.
        y : array of shape (n,)
            Classes.
        sample_weight : array of shape (n,), optional
            Given to the estimators, which all have to take it. For the policy rows are repeated, or left out, in proportion
            to it, so that they number as many as before.

        Raises
        ------
        ValueError
            UsageError where the estimators or their costs make no sense; what the estimators raise.
        """
        self._check_estimators()
        X = self._checked(X, reset=True)
        truth = column_or_1d(y, warn=True)
        check_classification_targets(truth)
        if len(truth) != n_rows(X):
            raise errors.UsageError(f"y: {len(truth)} classes, expected {n_rows(X)}, one for each row of X")
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        said, measured = self._learn_prefit(X, truth) if self.prefit else self._learn_folds(X, truth, weights)
        self.costs_ = self._given_costs() or measured
        self.cost_unit_ = "ms" if self.costs is None else "cost"
        self._fit_policy(X, truth, said, weights)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each row, of shape (n,)."""
        found = self._decide(X, None, with_probabilities=False)
        return self.classes_[found.classes]

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Probabilities of shape (n, k), by `classes_`."""
        return self.decide(X).probabilities

    def decide(self, X: Any, *, price: float | None = None) -> Decisions:
        """What is answered on each row, by which estimators and at what cost.

        Parameters
        ----------
        X : array, sparse matrix or frame of n rows
        price : float, optional
            Score that a unit of cost is worth, in place of what training chose; of policies that have prices.

        Returns
        -------
        Decisions
            `models` are positions in ``policy_.models``.
        """
        return self._decide(X, price, with_probabilities=True)

    def _decide(self, X: Any, price: float | None, *, with_probabilities: bool) -> Decisions:
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        if n_rows(X) == 0:
            # Estimators are asked for nothing then; the first says what is wrong.
            self.estimators_[0].predict_proba(X)
        models = {
            name: functools.partial(_probabilities, fitted, self.classes_)
            for (name, _), fitted in zip(self.estimators, self.estimators_)
        }
        return run_policy(
            self.policy_,
            X,
            models,
            self.costs_,
            n_classes=len(self.classes_),
            features=self._features_for_policy(X),
            price=price,
            with_probabilities=with_probabilities,
        )

    # ---- parameters ----

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters, and with `deep` also the estimators by their names, and their parameters."""
        return dict(self._get_params("estimators", deep=deep))

    def set_params(self, **params: Any) -> Any:
        """Sets parameters; an estimator by its name, its parameters as ``name__parameter``."""
        self._set_params("estimators", **params)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        try:
            inner = [get_tags(estimator) for _, estimator in self.estimators]
        except (TypeError, ValueError, AttributeError):
            return tags  # `fit` says what is wrong with them
        tags.input_tags.allow_nan = all(each.input_tags.allow_nan for each in inner)
        tags.input_tags.sparse = all(each.input_tags.sparse for each in inner) and not self._reads_features
        tags.classifier_tags.multi_class = all(
            each.classifier_tags is None or each.classifier_tags.multi_class for each in inner
        )
        return tags

    def __getstate__(self) -> dict[str, Any]:
        # A table is as large as the training data, and serves only to look into what was learned.
        state = dict(super().__getstate__())
        state.pop("table_", None)
        return state

    # ---- what they differ in ----

    _reads_features = False

    def _features_for_policy(self, X: Any) -> npt.NDArray[np.float32] | None:
        return None

    def _train_options(self) -> dict[str, Any]:
        return {}

    # ---- fitting ----

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """X as the estimators get it, by rows. Missing values are looked for here, since which estimators run, and would
        complain of them, depends on the row; but of frames an estimator may handle some columns' own."""
        X = _indexable(X)
        validate_data(self, X, reset=reset, skip_check_array=True)
        values = X.data if hasattr(X, "tocsr") else X
        if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not get_tags(self).input_tags.allow_nan:
            assert_all_finite(values, input_name="X")
        return X

    def _check_estimators(self) -> None:
        if not self.estimators or not all(isinstance(each, tuple) and len(each) == 2 for each in self.estimators):
            raise errors.UsageError("estimators: expected a list of (name, estimator), one or more")
        names = [name for name, _ in self.estimators]
        self._validate_names(names)
        for name, estimator in self.estimators:
            if not hasattr(estimator, "predict_proba"):
                raise errors.UsageError(f"estimator '{name}': has no predict_proba, expected a classifier with probabilities")

    def _given_costs(self) -> dict[str, float] | None:
        if self.costs is None:
            return None
        names = [name for name, _ in self.estimators]
        if isinstance(self.costs, Mapping):
            if set(self.costs) != set(names):
                raise errors.UsageError(f"costs: of {sorted(self.costs)}, expected of {sorted(names)}, the estimators")
            return {name: float(self.costs[name]) for name in names}
        if len(self.costs) != len(names):
            raise errors.UsageError(f"costs: {len(self.costs)}, expected {len(names)}, one for each estimator")
        return {name: float(cost) for name, cost in zip(names, self.costs)}

    def _learn_prefit(self, X: Any, truth: npt.NDArray[Any]) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, float]]:
        """Asks the estimators, which are fitted already."""
        for name, estimator in self.estimators:
            try:
                check_is_fitted(estimator)
            except NotFittedError as error:
                raise errors.UsageError(
                    f"estimator '{name}': is not fitted, expected a fitted one with prefit=True; where it is cloned, as in a "
                    "grid search, wrap it in sklearn.frozen.FrozenEstimator"
                ) from error
        self.estimators_ = [estimator for _, estimator in self.estimators]
        self.classes_ = np.unique(np.concatenate([np.asarray(each.classes_) for each in self.estimators_]))
        unknown = np.setdiff1d(truth, self.classes_)
        if len(unknown) > 0:
            raise errors.UsageError(f"y: {unknown[0]!r}, expected classes that an estimator knows: {list(self.classes_)}")
        said, measured = {}, {}
        for (name, _), fitted in zip(self.estimators, self.estimators_):
            _probabilities(fitted, self.classes_, take_rows(X, np.arange(min(100, n_rows(X))), n_rows(X)))  # warms it up
            said[name], measured[name] = _timed(fitted, self.classes_, X)
        return said, measured

    def _learn_folds(
        self, X: Any, truth: npt.NDArray[Any], weights: npt.NDArray[Any] | None
    ) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, float]]:
        """Fits clones on everything, and asks others about the rows that they have not seen."""
        n = n_rows(X)
        self.estimators_ = [_fitted(name, estimator, X, truth, weights) for name, estimator in self.estimators]
        self.classes_, codes = np.unique(truth, return_inverse=True)
        folds = self._folds(X, truth, np.bincount(codes))
        said, measured = {}, {}
        for (name, estimator), whole in zip(self.estimators, self.estimators_):
            said[name] = np.zeros((n, len(self.classes_)), dtype=np.float32)
            times = []
            for known, unseen in folds:
                part = whole
                if len(known) > 0:
                    part = _fitted(
                        name, estimator, take_rows(X, known, n), truth[known], None if weights is None else weights[known]
                    )
                said[name][unseen], ms = _timed(part, self.classes_, take_rows(X, unseen, n))
                times.append(ms)
            measured[name] = float(np.median(times))
        return said, measured

    def _folds(
        self, X: Any, truth: npt.NDArray[Any], rows_a_class: npt.NDArray[np.intp]
    ) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """Pairs of rows to learn from and rows to judge; one pair without the first where the classes are too small."""
        n = len(truth)
        cv = 5 if self.cv is None else self.cv
        if isinstance(cv, (int, np.integer)):
            smallest = int(rows_a_class.min())
            if smallest < 2 and (len(rows_a_class) > n // 2 or len(rows_a_class) == 1):
                return [(np.arange(0), np.arange(n))]
            cv = max(2, min(int(cv), smallest))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")
            folds = list(check_cv(cv, truth, classifier=True).split(np.zeros(n), truth))
        judged = np.sort(np.concatenate([unseen for _, unseen in folds]))
        if not np.array_equal(judged, np.arange(n)):
            raise errors.UsageError("cv: leaves rows out or takes them twice, expected folds that part the rows")
        return folds

    def _fit_policy(
        self, X: Any, truth: npt.NDArray[Any], said: dict[str, npt.NDArray[np.float32]], weights: npt.NDArray[Any] | None
    ) -> None:
        features = self._features_for_policy(X)
        self.table_ = Table.from_outcomes(
            said, truth, self.costs_, classes=list(self.classes_), cost_unit=self.cost_unit_, X=features
        )
        rows = None if weights is None else _rows_by_weight(weights)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        used = np.arange(len(truth)) if rows is None else rows
        if len(np.unique(used)) < FEWEST_ROWS:
            self.policy_ = self._single_best(used)
            return
        kind = "adaptive" if self.kind == "auto" and self.price is not None else self.kind
        price = self.price if kind in ("adaptive", "cascade", "forests", "ladder") else None
        options = self._train_options()
        self.policy_ = train(self.table_, kind, price=price, rows=rows, seed=seed, progress=False, **options)

    def _single_best(self, rows: npt.NDArray[np.intp]) -> Policy:
        """Of the highest mean score, less the price of its cost; of equals the cheapest."""
        names = self.table_.models
        scores = self.table_.scores()[rows].mean(axis=0)
        best = max(names, key=lambda m: (scores[names.index(m)] - (self.price or 0.0) * self.costs_[m], -self.costs_[m]))
        return train(self.table_, f"single:{best}", rows=rows, progress=False)


def _indexable(X: Any) -> Any:
    """Whose rows can be taken by number. Raises ValueError for numbers that are no rows."""
    if hasattr(X, "tocsr"):
        return X.tocsr()
    if not hasattr(X, "__len__"):
        X = np.asarray(X)
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype.kind in "biufc":
        check_array(X)
    return X


def _fitted(name: str, estimator: Any, X: Any, y: npt.NDArray[Any], weights: npt.NDArray[Any] | None) -> Any:
    if weights is None:
        return clone(estimator).fit(X, y)
    if not has_fit_parameter(estimator, "sample_weight"):
        raise errors.UsageError(
            f"estimator '{name}': takes no sample_weight, expected one that does; fit without weights, or leave it out"
        )
    return clone(estimator).fit(X, y, sample_weight=weights)


def _probabilities(fitted: Any, classes: npt.NDArray[Any], X: Any) -> npt.NDArray[np.float32]:
    """By `classes`, of which the estimator may know a part."""
    said = np.asarray(fitted.predict_proba(X))
    known = np.asarray(fitted.classes_)
    if len(known) == len(classes):
        return np.ascontiguousarray(said, dtype=np.float32)
    out = np.zeros((len(said), len(classes)), dtype=np.float32)
    out[:, np.searchsorted(classes, known)] = said
    return out


def _timed(fitted: Any, classes: npt.NDArray[Any], X: Any) -> tuple[npt.NDArray[np.float32], float]:
    """What it says, and its milliseconds for a row."""
    start = time.perf_counter()
    said = _probabilities(fitted, classes, X)
    return said, 1e3 * (time.perf_counter() - start) / max(1, len(said))


def _rows_by_weight(weights: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """As many rows as there are, each in proportion to its weight: all of them once where weights are equal."""
    total = float(weights.sum())
    if not total > 0:
        raise errors.UsageError("sample_weight: all are 0, expected some above")
    ends = np.floor(np.cumsum(weights) * (len(weights) / total) + 0.5).astype(np.intp)
    return np.repeat(np.arange(len(weights)), np.diff(ends, prepend=0))
