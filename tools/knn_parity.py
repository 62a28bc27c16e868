#!/usr/bin/env python3
"""Compares the votes of a premodel's KNN stages with scikit-learn's KNeighborsClassifier.

    build/release/triage train X.profile --policy premodel -o p.triage
    build/release/tests/policy/knn_votes p.triage votes/     # votes on every row, by the rows of the other nine folds
    tools/knn_parity.py votes/

Rows whose K-th and next neighbour are equally far are left out and counted: which of the two votes is a
convention (ours: the lower row). Exit code 0: all others agree; 1: some differ; 77: no scikit-learn.
"""
import json
import pathlib
import sys


def load(folder):
    meta = json.loads((folder / "meta.json").read_text())
    n, d, n_stages = meta["n"], meta["d"], meta["n_stages"]
    rows = np.fromfile(folder / "rows.f32", "<f4").reshape(n, d).astype(np.float64)
    optimum = np.fromfile(folder / "optimum.i32", "<i4").reshape(n)
    votes = np.fromfile(folder / "votes.i32", "<i4").reshape(n, n_stages)
    return meta, rows, optimum, votes


def sklearn_votes(rows, labels, queries, k):
    """Votes for "yes", shape (n_queries, n_stages), and where no tie is at the border, shape (n_queries)."""
    classifier = KNeighborsClassifier(n_neighbors=k, algorithm="kd_tree").fit(rows, labels)
    # With at least two outputs scikit-learn returns a list of them.
    votes = np.zeros((len(queries), labels.shape[1]), int)
    for stage, shares in enumerate(classifier.predict_proba(queries)):
        yes = np.flatnonzero(classifier.classes_[stage] == 1)
        if len(yes):
            votes[:, stage] = np.rint(shares[:, yes[0]] * k)
    if len(rows) == k:
        return votes, np.full(len(queries), True)
    distances, _ = classifier.kneighbors(queries, n_neighbors=k + 1)
    return votes, distances[:, k] > distances[:, k - 1] * (1 + 1e-12)


def main():
    meta, rows, optimum, ours = load(pathlib.Path(sys.argv[1]))
    n, k, n_folds, n_stages = meta["n"], meta["k"], meta["n_folds"], meta["n_stages"]
    # One column more than stages, so there are at least two: see sklearn_votes.
    labels = (optimum[:, None] == np.arange(-1, n_stages)[None, :]).astype(int)
    theirs, clear = np.zeros((n, n_stages), int), np.zeros(n, bool)
    fold = np.arange(n) % max(n_folds, 1)
    for f in range(max(n_folds, 1)):
        test = fold == f
        train = ~test if n_folds else test
        votes, clear[test] = sklearn_votes(rows[train], labels[train], rows[test], k)
        theirs[test] = votes[:, 1:]
    differ = np.flatnonzero(clear & (ours != theirs).any(axis=1))
    print(f"{n} queries, k {k}, {n_stages} stages, {n_folds} folds: {clear.sum()} compared, "
          f"{n - clear.sum()} left out for a tie at the border, {len(differ)} differ")
    for row in differ[:5]:
        print(f"  row {row}: {ours[row].tolist()}, scikit-learn {theirs[row].tolist()}")
    return 1 if len(differ) or not clear.any() else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        import numpy as np
        from sklearn.neighbors import KNeighborsClassifier
    except ImportError as error:
        print(f"skipped: {error}; apt install python3-sklearn")
        sys.exit(77)
    sys.exit(main())
