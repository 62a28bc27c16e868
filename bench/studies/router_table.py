"""A table of language models for the studies, and reading a frontier of routers as `triage evaluate` does.

Only NumPy is needed. A frontier is a list of settings with the score and cost of each question; it is read on its
non-decreasing convex hull, which mixing settings at random reaches (docs/design.md, Where the figures come from).
"""

from __future__ import annotations

import csv
import gzip
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

COSTS = ("usd", "eur", "ms", "s", "tokens", "cost")


@dataclass
class RouterTable:
    """n questions, m models, d features."""

    ids: list[str]
    models: list[str]
    texts: list[str]
    features: np.ndarray  # (n, d), every column of numbers that is of no model
    score: np.ndarray  # (n, m), 0 to 1
    cost: np.ndarray  # (n, m)
    fold: np.ndarray  # (n)


@dataclass
class Setting:
    """What a router with one willingness to pay gets, question by question."""

    score: np.ndarray  # (n)
    cost: np.ndarray  # (n)


@dataclass
class Reading:
    equal_score_cost: float  # cost at the single best model's score, as a share of its cost; infinite: not reached
    equal_cost_gain: float  # score above the single best model's, at its cost
    aiq: float  # mean height between the costs of the cheapest and the dearest single model


def read_rows(path: Path) -> dict[str, dict[str, str]]:
    """By id. Where an id has several lines, a model's cells come from the line that has its score or answer."""
    rows: dict[str, dict[str, str]] = {}
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            known = rows.setdefault(row["id"], row)
            for name in row if known is not row else ():
                model, _, role = name.rpartition(":")
                if role in ("score", "answer") and row[name] and not known[name]:
                    known.update({each: row[each] for each in row if each.rpartition(":")[0] == model})
    return rows


def read_table(path: Path, text: str, folds: Path) -> RouterTable:
    """Columns as `triage import csv` takes them; `folds`: what `triage evaluate --folds` wrote."""
    with folds.open(newline="", encoding="utf-8") as file:
        fold = {row["input"]: int(row["fold"]) for row in csv.DictReader(file)}
    rows = read_rows(path)
    ids = list(fold)
    names = list(next(iter(rows.values())))
    of_models = [name for name in names if name.rpartition(":")[2] in (*COSTS, "score", "answer")]
    models = list(dict.fromkeys(name.rpartition(":")[0] for name in of_models))
    unit = next(cost for cost in COSTS if f"{models[0]}:{cost}" in names)
    numbers = [name for name in names if name not in (*of_models, "id", "label", text)]
    scored = f"{models[0]}:score" in names

    def column(name: str) -> list[float]:
        return [float(rows[one][name]) for one in ids]

    def right(model: str) -> list[float]:
        return [float(rows[one][f"{model}:answer"] == rows[one]["label"]) for one in ids]

    features = np.array([column(name) for name in numbers]).reshape(-1, len(ids)).T
    scores = np.array([column(f"{model}:score") if scored else right(model) for model in models]).T
    costs = np.array([column(f"{model}:{unit}") for model in models]).T
    texts = [rows[one][text] for one in ids]
    return RouterTable(ids, models, texts, features, scores, costs, np.array(list(fold.values())))


def upper_hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The non-decreasing upper convex hull of (cost, score), by rising cost."""
    hull: list[tuple[float, float]] = []
    for cost, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if hull and score <= hull[-1][1]:
            continue
        while len(hull) >= 2 and ((hull[-1][1] - hull[-2][1]) * (cost - hull[-2][0]) <=
                                  (score - hull[-2][1]) * (hull[-1][0] - hull[-2][0])):
            hull.pop()
        hull.append((cost, score))
    return hull


def height(hull: list[tuple[float, float]], cost: float) -> float:
    return float(np.interp(cost, *np.array(hull).T)) if cost >= hull[0][0] else math.nan


def cost_of(hull: list[tuple[float, float]], score: float) -> float:
    """The least cost at which the hull reaches the score."""
    if score > hull[-1][1]:
        return math.inf
    costs, scores = np.array(hull).T
    return float(np.interp(score, scores, costs))


def mean_height(hull: list[tuple[float, float]], low: float, high: float) -> float:
    """0 where the hull has not begun."""
    cuts = sorted({low, high, *(cost for cost, _ in hull if low < cost < high)})
    parts = [(b - a) * (height(hull, a) + height(hull, b)) / 2 for a, b in zip(cuts, cuts[1:]) if a >= hull[0][0]]
    return sum(parts) / (high - low)


class FrontierReader:
    """Reads frontiers of one table, with 95 % intervals from resampled questions."""

    def __init__(self, table: RouterTable, resamples: int, seed: int) -> None:
        n, costs = len(table.ids), table.cost.mean(axis=0)
        self.marks = [np.zeros(n), np.zeros(n)]  # score and cost of the single best model of each training part
        for fold in np.unique(table.fold):
            test = table.fold == fold
            best = int(np.lexsort((table.cost[~test].mean(axis=0), -table.score[~test].mean(axis=0)))[0])
            self.marks[0][test], self.marks[1][test] = table.score[test, best], table.cost[test, best]
        cheap, dear = int(costs.argmin()), int(costs.argmax())
        self.marks += [table.score[:, cheap], table.cost[:, cheap], table.cost[:, dear]]
        draws = np.random.default_rng(seed)
        self.weights = [draws.multinomial(n, np.full(n, 1 / n)) / n for _ in range(resamples)]

    def at(self, means: np.ndarray) -> Reading:
        """`means`: of the marks, then score and cost of each setting."""
        sbs, sbs_cost, cheap_score, cheap, dear = means[:5]
        points = [(cheap, cheap_score), *((cost, score) for score, cost in means[5:].reshape(-1, 2))]
        hull = upper_hull(points)
        return Reading(cost_of(hull, sbs) / sbs_cost, height(hull, sbs_cost) - sbs, mean_height(hull, cheap, dear))

    def read(self, settings: list[Setting]) -> tuple[Reading, list[Reading]]:
        """On all questions, and on each resample of them."""
        columns = np.stack([*self.marks, *(values for one in settings for values in (one.score, one.cost))], axis=1)
        return self.at(columns.mean(axis=0)), [self.at(weights @ columns) for weights in self.weights]
