#!/usr/bin/env python3
"""Speed of the Python package: in one run, alternating, ratios of medians.

    PYTHONPATH=python .venv/bin/python bench/python/speed.py [cascade] [choose] [premodel] [evaluate] [import] [classify]

`choose` needs build/release/bench/choose_rows_bench, `classify` OpenVINO and Fashion-MNIST's images.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import triage
from sklearn.base import BaseEstimator, ClassifierMixin

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")


def machine() -> str:
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    load = os.getloadavg()[0]
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, triage {triage.__version__}"
    return f"{cpu}, {os.cpu_count()} cores, load {load:.1f}; {versions}"


def timed(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Milliseconds."""
    start = clock()
    work()
    return 1e3 * (clock() - start)


def compare(what: str, ours: Callable[[], float], theirs: Callable[[], float], other: str, repeats: int) -> None:
    """Each is called once to warm up, then in turn; both give milliseconds."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(repeats)]
    a, b = np.array(pairs).T
    print(f"{what}: {np.median(a):.1f} ms, {other} {np.median(b):.1f} ms; {np.median(b) / np.median(a):.2f}x as fast"
          f" (medians of {repeats}; ours {a.min():.1f} to {a.max():.1f}, theirs {b.min():.1f} to {b.max():.1f})", flush=True)


class KnownAnswers(ClassifierMixin, BaseEstimator):
    """Its answers are looked up, so that what is timed is the cascade itself."""

    def __init__(self, probabilities: np.ndarray) -> None:
        self.probabilities = probabilities
        self.classes_ = np.arange(probabilities.shape[1])

    def fit(self, X: Any, y: Any) -> KnownAnswers:
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return self.probabilities[X[:, 0].astype(np.intp)]


def cascade(repeats: int) -> None:
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(0)
    n, k = 100_000, 10
    y = rng.integers(k, size=n)
    models = []
    for sharpness in (1.0, 2.0, 4.0):
        logits = rng.normal(size=(n, k)) + sharpness * rng.random((n, 1)) * 2 * (np.arange(k) == y[:, None])
        values = np.exp(2 * logits)
        models.append(KnownAnswers((values / values.sum(axis=1, keepdims=True)).astype(np.float32)))
    X = np.arange(n, dtype=np.float64)[:, None]
    run_cascade("cascade of lookups, 100,000 rows", models, X, y, repeats)
    X = rng.normal(size=(n, 20)).astype(np.float32)
    y = (X[:, :4] > 0) @ np.array([1, 2, 4, 8])
    y = np.where(rng.random(n) < 0.1, rng.integers(16, size=n), y)
    trees = [DecisionTreeClassifier(max_depth=d, random_state=0).fit(X[:20_000], y[:20_000]) for d in (3, 6, 12)]
    run_cascade("cascade of trees, 100,000 rows", trees, X, y, repeats)


def run_cascade(what: str, models: list[Any], X: np.ndarray, y: np.ndarray, repeats: int) -> None:
    estimators = [(f"m{i}", model) for i, model in enumerate(models)]
    fitted = triage.CascadeClassifier(estimators, prefit=True, costs=[1, 4, 16], kind="cascade", price=0.005, random_state=0)
    fitted.fit(X[:5000], y[:5000])
    stages = [(models[int(fitted.policy_.models[at][1:])], threshold) for at, threshold in fitted.policy_._core.look_order(None)]

    def in_numpy(kind: type = np.float64) -> np.ndarray:
        answers = np.empty(len(X), dtype=np.intp)
        rows = np.arange(len(X))
        for i, (model, threshold) in enumerate(stages):
            said = model.predict_proba(X[rows] if i > 0 else X)
            if kind is np.float32:
                said = said.astype(np.float32)
            best = said.argmax(axis=1)
            done = said[np.arange(len(rows)), best] >= threshold
            if i + 1 == len(stages):
                done[:] = True
            answers[rows[done]] = best[done]
            rows = rows[~done]
        return fitted.classes_[answers]

    different = int((in_numpy(np.float32) != fitted.predict(X)).sum())  # in our precision: thresholds are such values
    print(f"{what}: {len(stages)} stages, {fitted.decide(X).looks.mean():.2f} looks, {different} answers differ")
    compare(what, lambda: timed(lambda: fitted.predict(X)), lambda: timed(in_numpy), "NumPy", repeats)


def choose(repeats: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 30)).astype(np.float32)
    scores = np.stack([X[:, j] + rng.normal(size=500) for j in range(5)], axis=1)
    table = triage.Table.from_scores(scores, X=X, score_range=(scores.min(), scores.max()))
    rows = rng.normal(size=(1_000_000, 30)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        rows.tofile(f"{folder}/rows.f32")
        for kind, options in (("premodel", {"premodel": "dt"}), ("forests", {})):
            policy = triage.train(table, kind, progress=False, **options)
            policy.save(f"{folder}/p.triage")
            program = [os.fspath(ROOT / "build/release/bench/choose_rows_bench"), f"{folder}/p.triage", f"{folder}/rows.f32", "1"]
            compare(f"choose, {kind}, 1,000,000 x 30", lambda: timed(lambda: policy.choose(rows)),
                    lambda: float(subprocess.run(program, check=True, capture_output=True, text=True).stdout), "C++", repeats)


def premodel_table() -> tuple[np.ndarray, np.ndarray, np.ndarray, triage.Table]:
    """50,000 inputs x 8 models, 7 features that say something of which model is right."""
    rng = np.random.default_rng(0)
    n, m, d = 50_000, 8, 7
    X = rng.random((n, d)).astype(np.float32)
    skill = np.linspace(0.5, 0.85, m)
    hard = X[:, :1] * 0.5 + 0.25 * X[:, 1:2] + 0.25 * rng.random((n, 1))
    right = rng.random((n, m)) < np.clip(skill + 0.35 - 0.7 * hard, 0, 1)
    costs = 1.6 ** np.arange(m)
    return X, right, costs, triage.Table.from_scores(right.astype(float), X=X, costs=costs)


def select_models(right: np.ndarray, costs: np.ndarray, theta: float = 0.005) -> list[int]:
    """Algorithm 1 of the paper."""
    optimum = np.where(right.any(axis=1), right.argmax(axis=1), -1)  # costs rise
    counts = np.array([(optimum == j).sum() for j in range(right.shape[1])])
    selected = [int(np.argmax(counts))]
    failing = ~right[:, selected[0]]
    while failing.any():
        gains = right[failing].sum(axis=0)
        gains[selected] = -1
        best = int(np.argmax(gains))
        if gains[best] / len(right) <= theta:
            break
        selected.append(best)
        failing &= ~right[:, best]
    return selected


def premodel_in_sklearn(
    X: np.ndarray, right: np.ndarray, costs: np.ndarray, fold_of: np.ndarray, one_search: bool = True
) -> np.ndarray:
    """The paper's chain of nearest neighbours: one search for all its stages, which is the fastest way to write it, or
    a KNeighborsClassifier for each, which is asked about the rows that no earlier one took."""
    from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
    from sklearn.preprocessing import MinMaxScaler

    chosen = np.empty(len(X), dtype=np.intp)
    for fold in range(10):
        train, test = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        selected = select_models(right[train], costs)
        optimum = np.full(len(train), -1)
        for model in sorted(selected, reverse=True):
            optimum[right[train, model]] = model
        scaler = MinMaxScaler().fit(X[train])
        known, asked = scaler.transform(X[train]), scaler.transform(X[test])
        if one_search:
            search = NearestNeighbors(n_neighbors=5, algorithm="kd_tree", n_jobs=2).fit(known)
            near = optimum[search.kneighbors(asked, return_distance=False)]
        fallback = selected[int(np.argmax(right[train][:, selected].mean(axis=0)))]
        found = np.full(len(test), -1)
        for model in selected:
            left = np.flatnonzero(found < 0)
            if one_search:
                yes = (near[left] == model).sum(axis=1) > 2
            else:
                stage = KNeighborsClassifier(n_neighbors=5, algorithm="kd_tree", n_jobs=2).fit(known, optimum == model)
                yes = stage.predict(asked[left]) if len(left) > 0 else np.zeros(0, dtype=bool)
            found[left[yes]] = model
        chosen[test] = np.where(found < 0, fallback, found)
    return chosen


def premodel(repeats: int, whole: bool = False) -> None:
    X, right, costs, table = premodel_table()
    fold_of = np.random.default_rng(1).permutation(np.arange(len(X)) % 10)
    theirs = premodel_in_sklearn(X, right, costs, fold_of)
    print(f"premodel in scikit-learn: score {right[np.arange(len(X)), theirs].mean():.4f}")

    def ours() -> np.ndarray:
        chosen = np.empty(len(X), dtype=np.intp)
        for fold in range(10):
            test = np.flatnonzero(fold_of == fold)
            policy = triage.train(table, "premodel", rows=np.flatnonzero(fold_of != fold), progress=False)
            names = np.array([int(name[1:]) for name in policy.models])
            chosen[test] = names[policy.choose(X[test])]
        return chosen

    def theirs_ms(one_search: bool = True, clock: Callable[[], float] = time.perf_counter) -> float:
        return timed(lambda: premodel_in_sklearn(X, right, costs, fold_of, one_search), clock)

    if whole:
        # Once: it takes long.
        ours_ms, sklearn_ms = timed(lambda: triage.evaluate(table, bootstrap=0, progress=False)), theirs_ms()
        print(f"evaluate with all methods, 10 folds, 50,000 x 8: {ours_ms:.0f} ms, the premodel alone in scikit-learn {sklearn_ms:.0f} ms; "
              f"{sklearn_ms / ours_ms:.2f}x as fast")
        return
    found = ours()
    print(f"premodel: score {right[np.arange(len(X)), found].mean():.4f}, {int((found != theirs).sum())} choices differ")
    for one_search, other in ((True, "one search"), (False, "a classifier for each stage")):
        for clock, kind in ((time.perf_counter, ""), (time.process_time, ", processor time")):
            compare(f"train and choose, premodel, 10 folds, 50,000 x 8{kind}", lambda: timed(ours, clock),
                    lambda: theirs_ms(one_search, clock), f"scikit-learn with {other}", min(repeats, 5 if one_search else 3))


def imports(repeats: int) -> None:
    def seconds(module: str) -> float:
        code = f"import time; t = time.perf_counter(); import {module}; print(1e3 * (time.perf_counter() - t))"
        return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)

    compare("import triage", lambda: seconds("triage"), lambda: seconds("numpy"), "import numpy, which is a part of it", repeats)


def classify(repeats: int) -> None:
    zoo = ROOT / "zoo/fashion/zoo.json"
    with tempfile.TemporaryDirectory() as folder:
        profile = f"{folder}/x.profile"
        triage.profile(zoo, IMAGES, profile, range=(0, 500), progress=False)
        table = triage.Table.load(profile)
    image = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    for kind in ("single:linear", "cascade"):
        if kind.startswith("single") and "linear" not in table.models:
            continue
        classifier = triage.Classifier(triage.train(table, kind, progress=False), zoo)
        for explain in (False, None):
            for _ in range(200):
                classifier(image, explain=explain)
            overhead, inside = [], []
            for _ in range(200 * repeats):
                start = time.perf_counter()
                result = classifier(image, explain=explain)
                whole = 1e6 * (time.perf_counter() - start)
                inside.append(1e3 * result.elapsed_ms)
                overhead.append(whole - inside[-1])
            print(f"classify, {kind}, explain={explain}: the call adds {np.median(overhead):.1f} us to {np.median(inside):.1f} us inside "
                  f"(95 % of the calls: at most {np.quantile(overhead, 0.95):.1f} us)", flush=True)


def main() -> None:
    parts = {"cascade": cascade, "choose": choose, "premodel": premodel, "import": imports, "classify": classify,
             "evaluate": lambda repeats: premodel(repeats, whole=True)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(parts)}; none: all but evaluate")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    print(machine())
    for name in arguments.parts or [part for part in parts if part != "evaluate"]:
        parts[name](arguments.repeats)


if __name__ == "__main__":
    main()
