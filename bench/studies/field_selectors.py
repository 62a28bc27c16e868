"""Selectors of the field: scikit-learn and XGBoost as people put them together, and the package asf.

A `Rival` is trained on rows of one training fold and answers a schedule for each row of the test fold. Settings are
the packages' own unless the name says otherwise; forests have 100 trees. Missing features are the training fold's
medians. Everything runs on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from aslib_scenario import Scenario, Schedule, alone

Predict = Callable[[np.ndarray], list[Schedule]]


@dataclass(frozen=True)
class Rival:
    name: str
    package: str
    fit: Callable[[Scenario, np.ndarray, np.ndarray, int], Predict]  # scenario, training rows, their features, seed
    seeded: bool = True  # another seed may give another result
    run_times: bool = False  # only for scenarios of run times


def impute(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Missing values become the medians of the training rows."""
    imputer = SimpleImputer(strategy="median", keep_empty_features=True).fit(train)
    return imputer.transform(train), imputer.transform(test)


def targets(scenario: Scenario, rows: np.ndarray, logs: bool) -> np.ndarray:
    losses = scenario.loss[rows]
    return np.log10(np.maximum(losses, 1e-3)) if logs else losses


def per_algorithm(make: Callable[[int], Any], logs: bool) -> Callable[..., Predict]:
    """One regression for each algorithm; the least prediction is taken."""
    def fit(scenario: Scenario, rows: np.ndarray, x: np.ndarray, seed: int) -> Predict:
        y = targets(scenario, rows, logs)
        models = [make(seed).fit(x, column) for column in y.T]
        return lambda test: alone(np.stack([model.predict(test) for model in models], axis=1).argmin(axis=1))
    return fit


def all_algorithms(make: Callable[[int], Any], logs: bool) -> Callable[..., Predict]:
    """One regression of the whole vector."""
    def fit(scenario: Scenario, rows: np.ndarray, x: np.ndarray, seed: int) -> Predict:
        model = make(seed).fit(x, targets(scenario, rows, logs))
        return lambda test: alone(model.predict(test).argmin(axis=1))
    return fit


def pairwise(make: Callable[[int], Any]) -> Callable[..., Predict]:
    """SATzilla 2011: for each pair a classifier whose rows weigh what the worse of the two loses; then they vote.

    Of equally many votes the algorithm with the lower mean training loss is taken.
    """
    def fit(scenario: Scenario, rows: np.ndarray, x: np.ndarray, seed: int) -> Predict:
        losses = scenario.loss[rows]
        m = losses.shape[1]
        judges: list[tuple[int, int, Any]] = []
        for a in range(m):
            for b in range(a + 1, m):
                weights = np.abs(losses[:, a] - losses[:, b])
                told = weights > 0
                first = (losses[told, a] < losses[told, b]).astype(int)
                if len(first) == 0 or first.min() == first.max():
                    judges.append((a, b, int(first[0]) if len(first) else 1))
                else:
                    weights = weights[told] / weights[told].mean()
                    judges.append((a, b, make(seed).fit(x[told], first, sample_weight=weights)))
        means = losses.mean(axis=0)

        def predict(test: np.ndarray) -> list[Schedule]:
            votes = np.zeros((len(test), m))
            for a, b, judge in judges:
                first = np.full(len(test), judge) if isinstance(judge, int) else judge.predict(test)
                votes[:, a] += first == 1
                votes[:, b] += first == 0
            order = np.argsort(means, kind="stable")
            return alone(order[votes[:, order].argmax(axis=1)])
        return predict
    return fit


def multi_class(make: Callable[[int], Any]) -> Callable[..., Predict]:
    """The class of a row is its best algorithm; the row weighs what the algorithms lose against it on average."""
    def fit(scenario: Scenario, rows: np.ndarray, x: np.ndarray, seed: int) -> Predict:
        losses = scenario.loss[rows]
        names, classes = np.unique(losses.argmin(axis=1), return_inverse=True)
        weights = losses.mean(axis=1) - losses.min(axis=1)
        weights = np.maximum(weights / weights.mean(), 1e-6)
        if len(names) == 1:
            return lambda test: alone(np.full(len(test), names[0]))
        model = make(seed).fit(x, classes, sample_weight=weights)
        return lambda test: alone(names[model.predict(test)])
    return fit


def single_best_of_training(scenario: Scenario, rows: np.ndarray, x: np.ndarray, seed: int) -> Predict:
    best = int(scenario.loss[rows].mean(axis=0).argmin())
    return lambda test: alone(np.full(len(test), best))


def asf_frames(scenario: Scenario, rows: np.ndarray, x: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the package's own reader makes of a scenario: PAR10, or the quality as it is."""
    turned = scenario.cutoff is None and scenario.maximize
    losses = -scenario.loss[rows] if turned else scenario.loss[rows]
    index = [f"i{row}" for row in rows]
    return (pd.DataFrame(x, index=index, columns=[f"f{j}" for j in range(x.shape[1])]),
            pd.DataFrame(losses, index=index, columns=[f"a{j}" for j in range(losses.shape[1])]))


def asf_schedule(entries: list[tuple[str, float]]) -> Schedule:
    """Of schedules the last part has the rest of the time, as a choice has."""
    schedule = [(int(entry[0][1:]), float(entry[1] or 0)) for entry in entries]
    return schedule[:-1] + [(schedule[-1][0], math.inf)]


def asf_selector(name: str, **options: Any) -> Callable[..., Predict]:
    def fit(scenario: Scenario, rows: np.ndarray, x: np.ndarray, seed: int) -> Predict:
        from asf import selectors

        features, performance = asf_frames(scenario, rows, x)
        selector = getattr(selectors, name)(budget=scenario.cutoff, random_state=seed, **options,
                                            maximize=scenario.cutoff is None and scenario.maximize)
        selector.fit(features, performance)

        def predict(test: np.ndarray) -> list[Schedule]:
            frame = pd.DataFrame(test, index=[f"t{i}" for i in range(len(test))], columns=features.columns)
            said = selector.predict(frame)
            return [asf_schedule(said[instance]) for instance in frame.index]
        return predict
    return fit


def asf_presolver(name: str, scenario: Scenario, rows: np.ndarray, x: np.ndarray) -> Schedule:
    """The runs before the choice, with the package's own budget."""
    from asf import presolving

    features, performance = asf_frames(scenario, rows, x)
    presolver = getattr(presolving, name)()
    presolver.fit(features, performance)
    return [(int(algorithm[1:]), float(seconds)) for algorithm, seconds in presolver.predict()]


def forest(seed: int) -> Any:
    return RandomForestRegressor(n_estimators=100, n_jobs=1, random_state=seed)


def votes_forest(seed: int) -> Any:
    return RandomForestClassifier(n_estimators=100, n_jobs=1, random_state=seed)


def neighbours(seed: int) -> Any:
    return make_pipeline(StandardScaler(), KNeighborsRegressor(5))


def boosted(seed: int) -> Any:
    return XGBRegressor(n_jobs=1, random_state=seed)


def boosted_classes(seed: int) -> Any:
    return XGBClassifier(n_jobs=1, random_state=seed)


ASF_PRESOLVERS = ["Static3S", "GreedyPresolver", "SubmodularPresolver", "ASAPv2"]
ASF_PRESOLVED = ["PairwiseClassifier", "PerformanceModel"]  # the selectors behind each of them

# Not here, of asf: HARRIS, which takes a minute a fold or more; what needs PyTorch (JointRanking, CosineSelector),
# scikit-survival or clingo (SurvivalAnalysis, ISA, Aspeed); ensembles of the selectors below.
RIVALS = [
    Rival("single best of the training fold", "", single_best_of_training, seeded=False),
    Rival("forest for each algorithm", "scikit-learn", per_algorithm(forest, False)),
    Rival("forest for each algorithm, log", "scikit-learn", per_algorithm(forest, True), run_times=True),
    Rival("multi-output forest", "scikit-learn", all_algorithms(forest, False)),
    Rival("multi-output forest, log", "scikit-learn", all_algorithms(forest, True), run_times=True),
    Rival("5 nearest neighbours", "scikit-learn", all_algorithms(neighbours, False), seeded=False),
    Rival("5 nearest neighbours, log", "scikit-learn", all_algorithms(neighbours, True), seeded=False,
          run_times=True),
    Rival("pairwise cost-sensitive forests", "scikit-learn", pairwise(votes_forest)),
    Rival("trees boosted for each algorithm", "xgboost", per_algorithm(boosted, False), seeded=False),
    Rival("trees boosted for each algorithm, log", "xgboost", per_algorithm(boosted, True), seeded=False,
          run_times=True),
    Rival("boosted classifier, weighted", "xgboost", multi_class(boosted_classes), seeded=False),
    Rival("boosted pairwise, cost-sensitive", "xgboost", pairwise(boosted_classes), seeded=False),
    Rival("PairwiseClassifier", "asf", asf_selector("PairwiseClassifier")),
    Rival("PairwiseRegressor", "asf", asf_selector("PairwiseRegressor")),
    Rival("PerformanceModel", "asf", asf_selector("PerformanceModel")),
    Rival("PerformanceModel, multi-target", "asf", asf_selector("PerformanceModel", use_multi_target=True)),
    Rival("MultiClassClassifier", "asf", asf_selector("MultiClassClassifier")),
    Rival("SimpleRanking", "asf", asf_selector("SimpleRanking"), seeded=False),
    Rival("RPCSelector", "asf", asf_selector("RPCSelector")),
    Rival("ISAC", "asf", asf_selector("ISAC")),
    Rival("SNNAP", "asf", asf_selector("SNNAP")),
    Rival("SATzilla", "asf", asf_selector("SATzilla"), run_times=True),
    Rival("SUNNY", "asf", asf_selector("SUNNY"), run_times=True),
    Rival("OSLLinearSelector", "asf", asf_selector("OSLLinearSelector"), run_times=True),
]
