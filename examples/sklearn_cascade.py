"""A cascade of scikit-learn's own classifiers: what it scores on held-out data, and the time that it saves.

    python examples/sklearn_cascade.py [--rows N] [--repeats R]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from triage import CascadeClassifier

def seconds(work: Any, repeats: int = 5) -> float:
    """The median of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def run(name: str, X: Any, y: Any, repeats: int, batch_rows: int) -> None:
    """Prints means over random halves: score of the best classifier alone and of the cascade, and the ratio of their times."""
    scores, alone, ratios = [], [], []
    for repeat in range(repeats):
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=repeat)
        cascade = CascadeClassifier(
            [
                ("linear", make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))),
                ("boosting", GradientBoostingClassifier(n_estimators=40, max_features="sqrt", random_state=repeat)),
                ("forest", RandomForestClassifier(200, random_state=repeat)),
            ],
            random_state=repeat,
        ).fit(X_train, y_train)
        # The best alone by what training saw, not by the held-out half.
        best = cascade.estimators_[int(cascade.table_.scores().mean(axis=0).argmax())]
        scores.append(cascade.score(X_test, y_test))
        alone.append(best.score(X_test, y_test))
        # In batches of some thousand rows: in small ones the calls themselves take most of the time.
        batch = np.tile(X_test, (-(-batch_rows // len(X_test)), 1))
        ratios.append(seconds(lambda: best.predict(batch)) / seconds(lambda: cascade.predict(batch)))
        looks = cascade.decide(X_test).looks.mean()
        print(f"{name}, half {repeat}: {cascade.policy_!r}, {looks:.2f} looks")
    error = np.std(np.subtract(scores, alone), ddof=1) / np.sqrt(repeats)
    found = {"cascade": np.mean(scores), "alone": np.mean(alone), "error": error, "faster": np.median(ratios)}
    text = "cascade {cascade:.4f}, the best alone {alone:.4f} (difference +- {error:.4f}), {faster:.1f}x as fast"
    print(f"{name}: {text.format(**found)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="of each data set, at most")
    parser.add_argument("--repeats", type=int, default=5, help="random halves, 2 or more")
    parser.add_argument("--batch-rows", type=int, default=10_000, help="that are predicted at once where times are taken")
    arguments = parser.parse_args()
    for name, load in (("digits", load_digits), ("breast cancer", load_breast_cancer)):
        X, y = load(return_X_y=True)
        run(name, X[: arguments.rows], y[: arguments.rows], arguments.repeats, arguments.batch_rows)


if __name__ == "__main__":
    main()
