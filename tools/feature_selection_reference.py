#!/usr/bin/env python3
"""Repeats a feature search with scikit-learn: checks for the same decisions, and says how much longer it takes.

    build/release/bench/feature_selection_bench --profile X.profile --rows 2000 --threads 1 --export search/
    tools/feature_selection_reference.py search/

Each candidate of each step is one KNeighborsClassifier for each fold, as the paper's authors would have written
it, on one thread; only fitting and predicting are timed. Where the K-th and the next neighbour are equally far,
scikit-learn's choice is arbitrary; there we take the lower row, as Triage does, and do not time it.

Exit code 0: the same rows are right for every candidate, and the same features are removed; 1: some differ; 77:
no scikit-learn.
"""
import json
import os
import pathlib
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is loaded

NONE = -1  # the label of rows without an optimum, and the answer of a chain whose stages all say no


def load(folder):
    search = json.loads((folder / "search.json").read_text())
    n, d = search["n"], search["d"]
    rows = np.fromfile(folder / "rows.f32", "<f4").reshape(n, d).astype(np.float64)
    labels = np.fromfile(folder / "labels.i32", "<i4").reshape(n)
    folds = np.fromfile(folder / "folds.i32", "<i4").reshape(n)
    return search, rows, labels, folds


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __enter__(self):
        self.start = time.perf_counter()

    def __exit__(self, *_):
        self.seconds += time.perf_counter() - self.start


def majority(shares, classes):
    """The class of more than half of the neighbours where it is a stage, else NONE; shape (n_queries)."""
    best = shares.argmax(axis=1)
    return np.where(shares[np.arange(len(shares)), best] > 0.5, classes[best], NONE)


def settle(rows, labels, query, k):
    """The chain's answer when ties go to the lower row; sums in the order of the features."""
    distance = np.zeros(len(rows))
    for feature in range(rows.shape[1]):
        distance += (rows[:, feature] - query[feature]) ** 2
    nearest = np.lexsort((np.arange(len(rows)), distance))[:k]
    values, counts = np.unique(labels[nearest], return_counts=True)
    return values[counts.argmax()] if 2 * counts.max() > k else NONE


def said(rows, labels, queries, k, clock):
    with clock:
        classifier = KNeighborsClassifier(n_neighbors=k, n_jobs=1).fit(rows, labels)
        shares = classifier.predict_proba(queries)
    stages = majority(shares, classifier.classes_)
    if len(rows) == k:
        return stages
    distances, _ = NearestNeighbors(n_neighbors=k + 1, algorithm="kd_tree").fit(rows).kneighbors(queries)
    for query in np.flatnonzero(distances[:, k] <= distances[:, k - 1] * (1 + 1e-9) + 1e-12):
        stages[query] = settle(rows, labels, queries[query], k)
    return stages


def count_right(search, rows, labels, folds, features, clock):
    """Rows on which the chain is right with these features."""
    stages = np.zeros(len(rows), int)
    columns = rows[:, features]
    for fold in np.unique(folds):
        test = folds == fold
        stages[test] = said(columns[~test], labels[~test], columns[test], search["k"], clock)
    ran = np.where(stages == NONE, search["fallback"], stages)
    return int(np.where(labels == NONE, stages == NONE, ran == labels).sum())


def main():
    search, rows, labels, folds = load(pathlib.Path(sys.argv[1]))
    clock = Clock()
    features = list(range(search["d"]))
    right = count_right(search, rows, labels, folds, features, clock)
    n_compared, differences = 1, []
    for number, step in enumerate(search["steps"]):
        if step["features"] != features or step["right"] != right:
            differences.append(f"step {number}: ours has {step['features']}, {step['right']} right; "
                               f"scikit-learn {features}, {right}")
            break
        if len(features) == 1:
            break
        without = []
        for feature in features:
            rest = [f for f in features if f != feature]
            without.append(count_right(search, rows, labels, folds, rest, clock))
        n_compared += len(without)
        if without != step["right_without"]:
            differences.append(f"step {number}: rows right without each feature: ours {step['right_without']}, "
                               f"scikit-learn {without}")
        # The most right; then the cheapest rest; then the last.
        gone = max(range(len(features)), key=lambda i: (without[i], -step["cost_without"][i], i))
        right = without[gone]
        features.remove(features[gone])
    print(f"{search['n']} rows, {search['d']} features down to {len(search['steps'][-1]['features'])}, "
          f"k {search['k']}, {len(np.unique(folds))} folds: {n_compared} sets of features compared, "
          f"{len(differences)} differences")
    if search["seconds"] > 0:
        print(f"triage {search['seconds']:.3f} s on {search['threads']} thread(s), scikit-learn {sklearn.__version__} "
              f"{clock.seconds:.1f} s on one: {clock.seconds / search['seconds']:.0f} times as long")
    for difference in differences:
        print(f"  {difference}")
    return 1 if differences else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        import numpy as np
        import sklearn
        from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
    except ImportError as error:
        print(f"skipped: {error}; apt install python3-sklearn")
        sys.exit(77)
    sys.exit(main())
