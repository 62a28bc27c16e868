#!/usr/bin/env python3
"""Compares a premodel's choosers (nearest neighbours, decision tree, support vector machine) with scikit-learn's.

    tools/chooser_parity.py FOLDER

tests/learn/premodel/chooser_parity_test.cpp writes FOLDER and runs this. FOLDER has, little-endian: train.f32
and test.f32 (n, d), train_labels.u8, test_labels.u8, answers.u8 (ours on test.f32), for a tree feature.i32 and
threshold.f32, and meta.json: kind, d, and the options.

What has to agree:
  nearest neighbours   the same answers, except where neighbours are equally far or the sums of weighted votes
                       are equal within 1e-9
  trees, SVMs          shares of right answers within 0.2 points; for a tree with `exact`, the same nodes
scikit-learn chooses at random among equally good splits, so ten of its trees are grown: their mean is compared,
and one of them must have our nodes. Exit code 0: all agrees; 1: it does not; 77: no scikit-learn.
"""
import json
import pathlib
import sys

TOLERANCE = 0.002
VOTE_MARGIN = 1e-9  # of votes weighted by distance, as a share of the winner's


def load(folder):
    meta = json.loads((folder / "meta.json").read_text())
    rows = {part: np.fromfile(folder / f"{part}.f32", "<f4").reshape(-1, meta["d"]) for part in ("train", "test")}
    labels = {part: np.fromfile(folder / f"{part}_labels.u8", "u1") for part in ("train", "test")}
    return meta, rows, labels, np.fromfile(folder / "answers.u8", "u1")


def clear_votes(distances, classes):
    """Where rounding cannot decide: exact hits, whose votes are whole, and winners by more than VOTE_MARGIN."""
    hit = distances[:, 0] == 0
    votes = np.divide(1, distances, out=np.zeros_like(distances), where=distances > 0)
    sums = np.sort([np.where(classes == c, votes, 0).sum(axis=1) for c in np.unique(classes)], axis=0)
    return hit | (sums[-1] - sums[-2] > VOTE_MARGIN * sums[-1])


def compare_knn(meta, rows, labels, ours):
    k = meta["k"]
    train, test = rows["train"].astype(np.float64), rows["test"].astype(np.float64)
    weights = meta.get("weights", "uniform")
    theirs = KNeighborsClassifier(n_neighbors=k, algorithm="kd_tree", weights=weights).fit(train, labels["train"])
    distances, nearest = theirs.kneighbors(test, n_neighbors=k + 1)
    clear = distances[:, k] > distances[:, k - 1] * (1 + 1e-12)
    if weights == "distance":
        clear &= clear_votes(distances[:, :k], labels["train"][nearest[:, :k]])
    differ = int((theirs.predict(test) != ours)[clear].sum())
    hits = int((distances[:, 0] == 0)[clear].sum())
    print(f"knn, {weights}: {clear.sum()} of {len(ours)} compared ({hits} exact hits), the others tie; {differ} differ")
    return differ == 0 and clear.any()


def compare_accuracy(name, labels, ours, theirs):
    our_share = (ours == labels["test"]).mean()
    their_share = float(np.mean([(answers == labels["test"]).mean() for answers in theirs]))
    same = float(np.mean([(answers == ours).mean() for answers in theirs]))
    print(f"{name}: {100 * our_share:.2f} % right, scikit-learn {100 * their_share:.2f} %; {100 * same:.2f} % of the answers agree")
    return abs(our_share - their_share) <= TOLERANCE


def same_nodes(tree, feature, threshold):
    inner = tree.feature >= 0
    return (len(feature) == tree.node_count and (feature == np.where(inner, tree.feature, -1)).all()
            and np.allclose(threshold[inner], tree.threshold[inner], rtol=0, atol=1e-6))


def compare_tree(meta, rows, labels, ours, folder):
    def fit(seed):
        return DecisionTreeClassifier(max_depth=meta["max_depth"], min_samples_leaf=meta["min_leaf"],
                                      random_state=seed).fit(rows["train"], labels["train"])
    trees = [fit(seed) for seed in range(10)]
    good = compare_accuracy("tree", labels, ours, [tree.predict(rows["test"]) for tree in trees])
    if not meta["exact"]:
        return good
    feature = np.fromfile(folder / "feature.i32", "<i4")
    threshold = np.fromfile(folder / "threshold.f32", "<f4")
    same = sum(same_nodes(tree.tree_, feature, threshold) for tree in trees)
    print(f"tree: {len(feature)} nodes, the same as those of {same} of scikit-learn's {len(trees)}")
    return good and same > 0


def compare_svm(meta, rows, labels, ours):
    svc = SVC(C=meta["C"], gamma=meta["gamma"]).fit(rows["train"].astype(np.float64), labels["train"])
    return compare_accuracy("svm", labels, ours, [svc.predict(rows["test"].astype(np.float64))])


def main():
    folder = pathlib.Path(sys.argv[1])
    meta, rows, labels, ours = load(folder)
    if meta["kind"] == "knn":
        good = compare_knn(meta, rows, labels, ours)
    elif meta["kind"] == "tree":
        good = compare_tree(meta, rows, labels, ours, folder)
    else:
        good = compare_svm(meta, rows, labels, ours)
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        import numpy as np
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import SVC
        from sklearn.tree import DecisionTreeClassifier
    except ImportError as error:
        print(f"skipped: {error}; apt install python3-sklearn")
        sys.exit(77)
    sys.exit(main())
