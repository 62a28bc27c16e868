#!/usr/bin/env python3
"""The cross-validation of bench/micro/premodel_cv_bench.cpp with scikit-learn, one thread.

Usage: OMP_NUM_THREADS=1 /usr/bin/python3 tools/premodel_cv_reference.py DIR, where --export made DIR. Prints both times,
their ratio, and on how many inputs the two choose differently (none, except ties between the K-th and the next neighbour).
Each stage is its own KNeighborsClassifier and is asked about every input. With --open it is asked only about inputs that no
earlier stage took; with --share one search serves all stages, as the paper describes.
"""
import argparse
import pathlib
import time

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.preprocessing import MinMaxScaler


def select_models(right: np.ndarray, costs: np.ndarray, optimum: np.ndarray, theta: float) -> list[int]:
    """Algorithm 1 of the paper. right (n, m) booleans, costs (m), optimum (n) with -1 for none."""
    counts = np.array([(optimum == m).sum() for m in range(right.shape[1])])
    selected = [int(np.lexsort((np.arange(len(costs)), costs, -counts))[0])]
    failing = ~right[:, selected[0]]
    while failing.any():
        gains = right[failing].sum(axis=0)
        gains[selected] = -1
        best = int(np.lexsort((np.arange(len(costs)), costs, -gains))[0])
        if gains[best] / len(right) <= theta:
            break
        selected.append(best)
        failing &= ~right[:, best]
    return selected


def optimum_among(right: np.ndarray, costs: np.ndarray, models: list[int]) -> np.ndarray:
    """The cheapest right model of each input, -1 where none is."""
    best = np.full(len(right), -1)
    for model in sorted(models, key=lambda m: (-costs[m], -m)):
        best[right[:, model]] = model
    return best


def choose(train_x, train_label, test_x, selected, fallback, how):
    """The chain of stages: the first whose majority says yes."""
    chosen = np.full(len(test_x), fallback)
    open_rows = np.ones(len(test_x), bool)
    if how.share:
        search = NearestNeighbors(n_neighbors=5, algorithm="kd_tree", n_jobs=1).fit(train_x)
        neighbours = search.kneighbors(test_x, return_distance=False)
    for model in selected:
        label = (train_label == model).astype(int)
        rows = np.flatnonzero(open_rows) if how.open else np.arange(len(test_x))
        if how.share:
            yes = label[neighbours[rows]].sum(axis=1) > 2
        elif len(rows) > 0:
            stage = KNeighborsClassifier(n_neighbors=5, algorithm="kd_tree", n_jobs=1).fit(train_x, label)
            yes = stage.predict(test_x[rows]) == 1
        taken = rows[yes & open_rows[rows]]
        chosen[taken] = model
        open_rows[taken] = False
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--share", action="store_true", help="one neighbour search for all stages")
    parser.add_argument("--open", action="store_true", help="a stage sees only the inputs that no earlier one took")
    arguments = parser.parse_args()
    n, d, m, folds, theta, ours = (arguments.dir / "info.txt").read_text().split()
    n, d, m, folds, theta, ours = int(n), int(d), int(m), int(folds), float(theta), float(ours)
    read = lambda name, kind: np.fromfile(arguments.dir / name, kind)
    x = read("features.f32", "<f4").reshape(n, d)
    right = read("ranks.i32", "<i4").reshape(n, m) == 1
    ms = read("infer_ms.f32", "<f4").reshape(n, m).astype(float)
    fold_of, theirs = read("folds.i32", "<i4"), read("chosen.i32", "<i4")

    start = time.perf_counter()
    chosen = np.empty(n, int)
    for fold in range(folds):
        train, test = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        costs = ms[train].mean(axis=0)
        selected = select_models(right[train], costs, optimum_among(right[train], costs, list(range(m))), theta)
        label = optimum_among(right[train], costs, selected)
        scaler = MinMaxScaler().fit(x[train])
        scores = right[train][:, selected].mean(axis=0)
        fallback = selected[int(np.lexsort((costs[selected], -scores))[0])]
        chosen[test] = choose(scaler.transform(x[train]), label, scaler.transform(x[test]), selected, fallback, arguments)
    seconds = time.perf_counter() - start
    print(f"scikit-learn: {seconds:.2f} s, Triage: {ours:.2f} s, {seconds / ours:.1f} times as long; "
          f"{int((chosen != theirs).sum())} of {n} choices differ")


if __name__ == "__main__":
    main()
