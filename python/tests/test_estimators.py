"""The estimators for scikit-learn: its own checks, and what they add to them."""

from __future__ import annotations

import os
import pathlib
import pickle
import runpy
import sys
from typing import Any

import joblib
import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

import triage
from triage import AlgorithmSelector, CascadeClassifier, SelectorClassifier


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Any:
    """Threads of matrix products, which fight for the cores of a busy machine, take longer than such small ones do."""
    with threadpool_limits(1):
        yield


def two() -> list[tuple[str, Any]]:
    return [("stump", DecisionTreeClassifier(max_depth=1, random_state=0)), ("linear", LogisticRegression())]


def three() -> list[tuple[str, Any]]:
    return [*two(), ("tree", DecisionTreeClassifier(max_depth=6, random_state=0))]


FOLDS = "the folds in which the policy learns part rows that are repeated otherwise than rows with weights"


def failing(estimator: Any) -> dict[str, str]:
    return {"check_sample_weight_equivalence_on_dense_data": FOLDS} if isinstance(estimator, SelectorClassifier) else {}


@parametrize_with_checks(
    [
        CascadeClassifier(two(), cv=2, costs=[1, 5]),
        SelectorClassifier(two(), cv=2, costs=[1, 5], learner="knn"),
        AlgorithmSelector(),
    ],
    expected_failed_checks=failing,
)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    X, y = make_classification(600, 8, n_informative=6, n_classes=3, random_state=0)
    return X.astype(np.float32), np.array(["a", "b", "c"])[y]


def cascade(**options: Any) -> CascadeClassifier:
    return CascadeClassifier(two(), **{"costs": {"stump": 1, "linear": 10}, "kind": "cascade", "random_state": 0} | options)


def test_a_cascade_answers_as_its_thresholds_say(data: Any) -> None:
    X, y = data
    fitted = CascadeClassifier(three(), costs=[1, 3, 9], kind="cascade", price=0.002, random_state=0).fit(X, y)
    order = fitted.policy_._core.look_order(None)
    models = dict(zip(("stump", "linear", "tree"), fitted.estimators_))
    expected = np.empty(len(X), dtype=object)
    for i in range(len(X)):
        for position, threshold in order:
            said = models[fitted.policy_.models[position]].predict_proba(X[i : i + 1]).astype(np.float32)[0]
            expected[i] = fitted.classes_[said.argmax()]
            if said.max() >= threshold:
                break
    assert (fitted.predict(X) == expected).all()
    found = fitted.decide(X)
    assert len(order) > 1 and 1 < found.looks.mean() < len(order)
    assert fitted.table_.cost_unit == "cost" and fitted.costs_ == {"stump": 1, "linear": 3, "tree": 9}


def test_costs_are_measured_where_none_are_given(data: Any) -> None:
    fitted = CascadeClassifier(two()).fit(*data)
    assert fitted.cost_unit_ == fitted.table_.cost_unit == "ms"
    assert all(0 < cost < 1000 for cost in fitted.costs_.values())
    with pytest.raises(triage.UsageError, match="expected of"):
        cascade(costs={"stump": 1}).fit(*data)
    with pytest.raises(triage.UsageError, match="one for each estimator"):
        cascade(costs=[1]).fit(*data)


def test_the_policy_learns_from_rows_that_were_not_seen(data: Any) -> None:
    X, y = data
    rng = np.random.default_rng(0)
    noise = rng.choice(np.unique(y), len(y))
    deep = ("deep", DecisionTreeClassifier(random_state=0))
    fitted = CascadeClassifier([deep, ("linear", LogisticRegression())], costs=[1, 2]).fit(X, noise)
    assert fitted.estimators_[0].score(X, noise) == 1
    assert fitted.table_.scores()[:, 0].mean() < 0.5  # as it is on others: one of three classes, by chance


def test_prefit_estimators_are_used_as_they_are(data: Any) -> None:
    X, y = data
    models = [(name, model.fit(X[:300], y[:300])) for name, model in two()]
    fitted = CascadeClassifier(models, prefit=True, costs=[1, 10]).fit(X[300:], y[300:])
    assert [each is model for each, (_, model) in zip(fitted.estimators_, models)] == [True, True]
    assert len(fitted.table_) == 300
    with pytest.raises(triage.UsageError, match="FrozenEstimator"):
        clone(fitted).fit(X[300:], y[300:])
    frozen = CascadeClassifier([(n, FrozenEstimator(m)) for n, m in models], prefit=True, costs=[1, 10])
    assert (clone(frozen).fit(X[300:], y[300:]).predict(X) == fitted.predict(X)).all()
    with pytest.raises(triage.UsageError, match="classes that an estimator knows"):
        CascadeClassifier(models, prefit=True).fit(X[300:], np.full(300, "z"))


def test_few_rows_fall_back_to_the_single_best(data: Any) -> None:
    X, y = data
    few = cascade().fit(X[:19], y[:19])
    assert few.policy_.kind == "single"
    assert cascade().fit(X[:60], y[:60]).policy_.kind == "cascade"
    scores = few.table_.scores().mean(axis=0)
    assert few.policy_.models == [few.table_.models[int(scores.argmax())]]
    assert cascade(price=1.0).fit(X[:19], y[:19]).policy_.models == ["stump"]


def test_a_price_saves(data: Any) -> None:
    X, y = data
    dear, cheap = (CascadeClassifier(three(), costs=[1, 10, 30], price=p, random_state=0).fit(X, y).decide(X) for p in (0.0, 0.1))
    assert cheap.costs.mean() < dear.costs.mean()


def test_parameters_of_the_estimators_are_searched(data: Any) -> None:
    X, y = data
    pipeline = make_pipeline(StandardScaler(), cascade(cv=2))
    search = GridSearchCV(pipeline, {"cascadeclassifier__stump__max_depth": [1, 5]}, cv=2).fit(X, y)
    assert search.best_params_ == {"cascadeclassifier__stump__max_depth": 5}
    assert search.best_estimator_[-1].estimators_[0].max_depth == 5


def test_frames_reach_the_estimators_with_their_names(data: Any) -> None:
    X, y = data
    frame = pandas.DataFrame(X, columns=list("abcdefgh"))
    for made in (cascade(), SelectorClassifier(two(), costs=[1, 10], learner="knn", random_state=0)):
        fitted = made.fit(frame, y)
        assert list(fitted.feature_names_in_) == list("abcdefgh")
        assert all(list(each.feature_names_in_) == list("abcdefgh") for each in fitted.estimators_)
        assert (fitted.predict(frame) == made.fit(X, y).predict(X)).all()
        made.fit(frame, y)
        with pytest.raises(ValueError, match="feature names"):
            fitted.predict(frame[list("hgfedcba")])


@pytest.mark.parametrize("how", ["pickle", "joblib"])
def test_what_was_fitted_survives_a_file(how: str, data: Any, tmp_path: pathlib.Path) -> None:
    X, y = data
    costs = np.stack([np.abs(X[:, 0]), np.abs(X[:, 1])], axis=1)
    selector = SelectorClassifier(two(), costs=[1, 9], learner="knn")
    for made, target in ((cascade(), y), (selector, y), (AlgorithmSelector(random_state=0), costs)):
        fitted = made.fit(X, target)
        if how == "pickle":
            again = pickle.loads(pickle.dumps(fitted))
        else:
            joblib.dump(fitted, tmp_path / "fitted")
            again = joblib.load(tmp_path / "fitted")
        assert again.policy_.to_bytes() == fitted.policy_.to_bytes()
        assert (again.predict(X) == fitted.predict(X)).all()


def test_weights_reach_the_estimators_and_the_policy(data: Any) -> None:
    X, y = data
    weights = np.where(y == "a", 0.0, 1.0)
    fitted = cascade().fit(X, y, sample_weight=weights)
    assert "a" not in fitted.predict(X)
    assert fitted.policy_.to_bytes() != cascade().fit(X, y).policy_.to_bytes()
    assert cascade().fit(X, y, sample_weight=np.full(len(y), 0.3)).policy_.kind == "cascade"
    with pytest.raises(triage.UsageError, match="takes no sample_weight"):
        CascadeClassifier([("near", KNeighborsClassifier())]).fit(X, y, sample_weight=weights)
    with pytest.raises(ValueError, match="[Nn]egative"):
        cascade().fit(X, y, sample_weight=-weights)


def test_rows_are_repeated_by_weight() -> None:
    from triage._policy_classifier import _rows_by_weight

    assert _rows_by_weight(np.full(7, 0.3)).tolist() == list(range(7))
    assert _rows_by_weight(np.array([2.0, 0.0, 1.0, 1.0])).tolist() == [0, 0, 2, 3]
    with pytest.raises(triage.UsageError, match="all are 0"):
        _rows_by_weight(np.zeros(3))


def test_a_selector_tells_from_x_which_model_knows() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 2)).astype(np.float32)
    y = np.where(X[:, 0] > 0, X[:, 1] > 0, X[:, 1] < 0).astype(int)
    right = LogisticRegression().fit(X[X[:, 0] > 0], y[X[:, 0] > 0])
    left = LogisticRegression().fit(X[X[:, 0] < 0], y[X[:, 0] < 0])
    for kind in ("forests", "premodel"):
        made = SelectorClassifier([("right", right), ("left", left)], prefit=True, kind=kind, costs=[1, 1], random_state=0)
        fitted = made.fit(X[:500], y[:500])
        assert max(right.score(X[500:], y[500:]), left.score(X[500:], y[500:])) < 0.6
        assert fitted.score(X[500:], y[500:]) > 0.9
        assert (fitted.decide(X).looks == 1).all()
    with pytest.raises(triage.UsageError, match="'forests' or 'premodel'"):
        SelectorClassifier(two(), kind="cascade").fit(X, y)


def costs_by_sign() -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    return X, np.stack([np.where(X[:, 0] > 0, 1.0, 9.0), np.where(X[:, 0] > 0, 8.0, 2.0), np.full(500, 6.0)], axis=1)


def test_algorithms_are_selected_by_cost() -> None:
    X, costs = costs_by_sign()
    fitted = AlgorithmSelector(random_state=0).fit(X[:300], costs[:300])
    assert np.mean(fitted.predict(X[300:]) == costs[300:].argmin(axis=1)) > 0.97
    assert np.abs(fitted.predict_costs(X[300:]) - costs[300:]).mean() < 0.4
    assert fitted.score(X[300:], costs[300:]) == pytest.approx(-1.5, abs=0.2)
    by_score = AlgorithmSelector(maximize=True, random_state=0).fit(X[:300], -costs[:300])
    assert (by_score.predict(X) == fitted.predict(X)).mean() > 0.98


def test_algorithms_have_names_and_may_lack_values() -> None:
    X, costs = costs_by_sign()
    X[::7, 1] = np.nan
    costs[::5, 2] = np.nan
    frame = pandas.DataFrame(costs, columns=["one", "two", "three"])
    fitted = AlgorithmSelector(random_state=0).fit(X, frame)
    assert set(fitted.predict(X)) == {"one", "two"}
    assert fitted.table_.models == ["one", "two", "three"]
    few = AlgorithmSelector().fit(X[:10], frame[:10])
    assert few.policy_.kind == "single" and len(set(few.predict(X))) == 1
    with pytest.raises(triage.UsageError, match="no row has"):
        AlgorithmSelector().fit(X, np.full((500, 2), np.nan))
    with pytest.raises(NotFittedError):
        AlgorithmSelector().predict_costs(X)


def test_tables_of_scores() -> None:
    scores = [[10.0, 0.0], [np.nan, 5.0]]
    table = triage.Table.from_scores(scores, X=[[1, 2], [3, np.nan]], score_range=(10, 0), score_name="cost")
    np.testing.assert_array_equal(table.scores(), [[0, 1], [np.nan, 0.5]])
    np.testing.assert_array_equal(table.costs(), [[1, 1], [np.nan, 1]])
    assert table.feature_names == ["x0", "x1"] and table.cost_unit == "runs"
    with pytest.raises(triage.UsageError, match="score_range"):
        triage.Table.from_scores(scores, score_range=(1, 1))
    with pytest.raises(triage.UsageError, match="models: 1 names"):
        triage.Table.from_scores(scores, models=["a"])


def test_the_example_runs(monkeypatch: Any, capsys: Any) -> None:
    example = pathlib.Path(__file__).parents[2] / "examples" / "sklearn_cascade.py"
    monkeypatch.setattr(sys, "argv", [os.fspath(example), "--rows", "240", "--repeats", "2", "--batch-rows", "500"])
    runpy.run_path(os.fspath(example), run_name="__main__")
    assert "breast cancer: cascade 0.9" in capsys.readouterr().out
