#!/usr/bin/env python3
"""Routers of the field for language models beside Triage's policies, on the same folds of one table.

  python3 -m venv venv && venv/bin/pip install -r bench/studies/requirements.txt
  python3 examples/llm_routing/mmlu_pro.py FOLDER > mmlu_pro.csv
  venv/bin/python bench/studies/llm_routers.py mmlu_pro.csv --text question --cv 5 --triage build/release/triage

The table is one of `triage import csv` with a column of texts. Each router predicts, before anything runs, how well
each model will do on a question, and takes the model of the highest prediction less price times cost: kNN and a network
with one hidden layer, as in RouterBench; matrix factorisation as in RouteLLM; ridge regression; forests, on features
alone. The cost is the model's mean, with `scores and costs` what is predicted for the question. RouteLLM proper chooses
between two models: the best one of training and the one before it on the hull of cost and score.

What they see of a text is TF-IDF of hashed words and pairs of words, reduced to --dimensions numbers by an SVD of the
training part: no embedding of a language model, which they were published with. `features` are the table's columns of
numbers, such as a question's category, which Triage sees too; it does not see the text.

Everything is learned inside the fold. Frontiers are read as `triage evaluate` reads its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import RidgeCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import Normalizer

from router_table import FrontierReader, Reading, RouterTable, Setting, read_table, upper_hull
from triage_program import machine, one_line, stay_on_one_core, triage

PRICES = 55  # twelve to a decade
CUTS = 55  # of RouteLLM's win rate
Predict = Callable[[np.ndarray], np.ndarray]  # (rows, d) -> expected score (rows, m)


@dataclass(frozen=True)
class Router:
    name: str
    fit: Callable[..., Predict]
    costs: bool = False  # it predicts the cost on each question too, where the others take each model's mean
    reads: bool = True  # also texts; False: what would take too long there


def embed(texts: list[str], train: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    """(n, dimensions), all learned from the training rows; length 1."""
    words = HashingVectorizer(n_features=1 << 14, ngram_range=(1, 2), alternate_sign=False, norm=None)
    counts = words.transform(texts)
    weighted = TfidfTransformer(sublinear_tf=True).fit(counts[train]).transform(counts)
    reducer = TruncatedSVD(min(dimensions, len(train) - 1), random_state=seed).fit(weighted[train])
    return Normalizer().transform(reducer.transform(weighted))


def nearest(k: int) -> Callable[..., Predict]:
    def fit(x: np.ndarray, score: np.ndarray, seed: int) -> Predict:
        model = KNeighborsRegressor(min(k, len(x)), metric="cosine", algorithm="brute").fit(x, score)
        return model.predict
    return fit


def network(x: np.ndarray, score: np.ndarray, seed: int) -> Predict:
    model = MLPRegressor(hidden_layer_sizes=(100,), early_stopping=True, random_state=seed)
    return model.fit(x, score).predict


def ridge(x: np.ndarray, score: np.ndarray, seed: int) -> Predict:
    return RidgeCV([1.0, 10.0, 100.0, 1000.0]).fit(x, score).predict  # the penalty by leaving one out


def forest(leaf: int) -> Callable[..., Predict]:
    def fit(x: np.ndarray, score: np.ndarray, seed: int) -> Predict:
        return RandomForestRegressor(100, min_samples_leaf=leaf, n_jobs=1, random_state=seed).fit(x, score).predict
    return fit


class Factors:
    """delta(model, text) = v . (p_model * (W text + b)) + c_model, as RouteLLM's; fitted by Adam.

    `pairs`: on pairs of a right and a wrong model (Bradley-Terry, as RouteLLM); else on each answer, right or wrong.
    """

    def __init__(self, pairs: bool, rank: int = 64, epochs: int = 40, decay: float = 1e-5) -> None:
        self.pairs, self.rank, self.epochs, self.decay = pairs, rank, epochs, decay

    def hidden(self, x: np.ndarray) -> np.ndarray:
        return x @ self.parts["W"] + self.parts["b"]

    def delta(self, x: np.ndarray) -> np.ndarray:
        return self.hidden(x) @ self.parts["P"].T + self.parts["c"]

    def slope(self, delta: np.ndarray, score: np.ndarray, draws: np.random.Generator) -> np.ndarray:
        """Of the mean loss of a batch by delta."""
        if not self.pairs:
            return (1 / (1 + np.exp(-delta)) - score) / len(delta)
        slope, rows = np.zeros_like(delta), np.arange(len(delta))
        for _ in range(4):  # pairs of each question and batch
            a, b = draws.integers(delta.shape[1], size=(2, len(delta)))
            sign = np.sign(score[rows, a] - score[rows, b])
            step = -sign / (1 + np.exp(sign * (delta[rows, a] - delta[rows, b])))
            np.add.at(slope, (rows, a), step)
            np.add.at(slope, (rows, b), -step)
        return slope / len(delta)

    def fit(self, x: np.ndarray, score: np.ndarray, seed: int) -> Factors:
        draws = np.random.default_rng(seed)
        d, m = x.shape[1], score.shape[1]
        self.parts = {"W": draws.normal(0, 0.1, (d, self.rank)), "b": np.zeros(self.rank),
                      "P": draws.normal(0, 0.1, (m, self.rank)), "c": np.zeros(m)}
        first = {name: np.zeros_like(part) for name, part in self.parts.items()}
        second = {name: np.zeros_like(part) for name, part in self.parts.items()}
        step = 0
        for _ in range(self.epochs):
            for rows in np.array_split(draws.permutation(len(x)), max(1, len(x) // 64)):
                step += 1
                slope = self.slope(self.delta(x[rows]), score[rows], draws)
                back = slope @ self.parts["P"]
                slopes = {"W": x[rows].T @ back, "b": back.sum(axis=0), "P": slope.T @ self.hidden(x[rows]),
                          "c": slope.sum(axis=0)}
                for name, part in self.parts.items():
                    g = slopes[name] + self.decay * part
                    first[name] += 0.1 * (g - first[name])
                    second[name] += 0.001 * (g * g - second[name])
                    part -= 0.003 * (first[name] / (1 - 0.9**step)) / (
                        np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
        return self


def factors(x: np.ndarray, score: np.ndarray, seed: int) -> Predict:
    model = Factors(pairs=False).fit(x, score, seed)
    return lambda test: 1 / (1 + np.exp(-model.delta(test)))


def priced(table: RouterTable, train: np.ndarray, scores: np.ndarray, costs: np.ndarray) -> list[np.ndarray]:
    """The choices at each price: from none at all to a score of 1 for a hundredth of the best model's cost."""
    best = table.cost[train].mean(axis=0)[table.score[train].mean(axis=0).argmax()]
    prices = [0.0, *(np.logspace(-2.5, 2, PRICES) / best)]
    return [(scores - price * costs).argmax(axis=1) for price in prices]


def route(table: RouterTable, train: np.ndarray, test: np.ndarray, x: np.ndarray, router: Router,
          seed: int) -> list[np.ndarray]:
    means = table.cost[train].mean(axis=0)
    if not router.costs:
        return priced(table, train, router.fit(x[train], table.score[train], seed)(x[test]), means)
    both = router.fit(x[train], np.hstack([table.score[train], table.cost[train] / means]), seed)(x[test])
    m = len(table.models)
    return priced(table, train, both[:, :m], both[:, m:] * means)


def two_models(table: RouterTable, train: np.ndarray, test: np.ndarray, x: np.ndarray, seed: int) -> list[np.ndarray]:
    """RouteLLM: the strong model where its win rate over the weak one is above a threshold, for many thresholds."""
    costs, scores = table.cost[train].mean(axis=0), table.score[train].mean(axis=0)
    hull = upper_hull(list(zip(costs, scores)))
    strong, weak = (int(np.flatnonzero((costs == c) & (scores == s))[0]) for c, s in (hull[-1], hull[-2:][0]))
    model = Factors(pairs=True).fit(x[train], table.score[train], seed)
    delta = model.delta(x)
    lead = delta[:, strong] - delta[:, weak]  # the win rate is its logistic
    cuts = np.quantile(lead[train], np.linspace(0, 1, CUTS))
    return [np.where(lead[test] >= cut, strong, weak) for cut in [-np.inf, *cuts, np.inf]]


ROUTERS = [
    Router("kNN, 40 neighbours (RouterBench)", nearest(40)),
    Router("kNN, 100 neighbours", nearest(100)),
    Router("kNN, 100 neighbours, scores and costs", nearest(100), costs=True),
    Router("network, 100 hidden units (RouterBench)", network),
    Router("ridge regression", ridge),
    Router("ridge regression, scores and costs", ridge, costs=True),
    Router("forest, scores and costs", forest(1), costs=True, reads=False),
    Router("forest with leaves of 50, scores and costs", forest(50), costs=True, reads=False),
    Router("matrix factorisation, all models", factors),
]
ROUTE_LLM = "matrix factorisation, two models (RouteLLM)"


def representations(table: RouterTable, args: argparse.Namespace, train: np.ndarray) -> dict[str, np.ndarray]:
    """What a router may see, by name; features standardised on the training rows and as long as a text altogether."""
    seen = {"text": embed(table.texts, train, args.dimensions, args.seed)}
    if table.features.shape[1]:
        mean, spread = table.features[train].mean(axis=0), table.features[train].std(axis=0)
        scaled = (table.features - mean) / np.where(spread > 0, spread, 1) / np.sqrt(table.features.shape[1])
        seen = {"text": seen["text"], "features": scaled, "both": np.hstack([seen["text"], scaled])}
    return seen


def choices(table: RouterTable, args: argparse.Namespace) -> dict[tuple[str, str], list[np.ndarray]]:
    """By router and what it sees: for each setting the model of every question."""
    made: dict[tuple[str, str], list[np.ndarray]] = {}

    def note(name: str, what: str, test: np.ndarray, chosen: list[np.ndarray], began: float) -> None:
        settings = made.setdefault((name, what), [np.zeros(len(table.ids), int) for _ in chosen])
        for setting, models in zip(settings, chosen, strict=True):
            setting[test] = models
        print(f"{name}, {what}: {time.process_time() - began:.1f} s", file=sys.stderr, flush=True)

    for fold in np.unique(table.fold):
        train, test = np.flatnonzero(table.fold != fold), np.flatnonzero(table.fold == fold)
        for what, x in representations(table, args, train).items():
            for router in ROUTERS:
                if what != "features" and not router.reads:
                    continue
                began = time.process_time()
                note(router.name, what, test, route(table, train, test, x, router, args.seed), began)
            began = time.process_time()
            note(ROUTE_LLM, what, test, two_models(table, train, test, x, args.seed), began)
    return made


def run_triage(args: argparse.Namespace, scratch: Path) -> tuple[dict, Path]:
    """Its report, and the file of the folds."""
    profile, folds = scratch / "table.profile", scratch / "folds.csv"
    triage(args.triage, "import", "csv", args.table, "--ignore", args.text, "-o", profile)
    report = json.loads(triage(args.triage, "evaluate", profile, "--cv", args.cv, "--seed", args.seed,
                               "--bootstrap", args.bootstrap, "--folds", folds, "--json"))
    return report, folds


def check_same_table(table: RouterTable, report: dict) -> None:
    """Triage read the same numbers: each model alone has the same score and cost."""
    pooled = {method["name"]: method["pooled"] for method in report["methods"]}
    for j, model in enumerate(table.models):
        ours, theirs = (table.score[:, j].mean(), table.cost[:, j].mean()), pooled[model]
        if abs(ours[0] - theirs["score"]) > 1e-6 or abs(ours[1] / theirs["mean_ms"] - 1) > 1e-5:
            raise SystemExit(f"{model}: triage has {theirs['score']} at {theirs['mean_ms']}, this script {ours}")


def line(who: str, what: str, values: tuple[float, float, float], spread: list[tuple[float, float]]) -> str:
    def interval(k: int, scale: float, digits: int) -> str:
        low, high = (end * scale for end in spread[k]) if spread else (np.nan, np.nan)
        return "" if np.isnan(low) or np.isnan(high) else f" [{low:.{digits}f}, {high:.{digits}f}]"

    share = "not reached" if np.isinf(values[0]) else f"{values[0]:.2f}"
    return (f"| {who} | {what} | {share}{interval(0, 1, 2)} | {100 * values[1]:+.2f}{interval(1, 100, 2)} | "
            f"{100 * values[2]:.1f}{interval(2, 100, 1)} |")


def line_of_triage(frontier: dict, what: str) -> tuple[float, str]:
    """Of its frontier; the interval of the cost is that of the speed-up, turned over."""
    def pair(figure: dict) -> tuple[float, float]:
        return tuple(np.nan if figure[end] is None else figure[end] for end in ("low", "high"))

    speed, gain, aiq = (frontier[key] for key in ("speed_up_at_equal_score", "score_gain_at_equal_time", "aiq"))
    low, high = (1 / end if end else np.inf for end in reversed(pair(speed)))
    share = 1 / speed["value"] if speed["value"] else np.inf
    return aiq["value"], line(f"**{frontier['name']}**", what, (share, gain["value"], aiq["value"]),
                              [(low, high), pair(gain), pair(aiq)])


def line_of_router(name: str, what: str, reading: tuple[Reading, list[Reading]]) -> tuple[float, str]:
    all_questions, resampled = reading
    figures = [(r.equal_score_cost, r.equal_cost_gain, r.aiq) for r in [all_questions, *resampled]]
    spread = [tuple(np.quantile(column, (0.025, 0.975), method="nearest")) for column in zip(*figures[1:])]
    return all_questions.aiq, line(name, what, figures[0], spread)


def print_table(table: RouterTable, report: dict, made: dict, args: argparse.Namespace) -> dict:
    reader = FrontierReader(table, min(args.bootstrap, 200), args.seed)
    n = np.arange(len(table.ids))
    sees = {"forests": "features", "ladder": "features, answers", "cascades": "answers", "cascade routing": "answers",
            "zero router": "nothing"}
    lines = [line_of_triage(frontier, sees.get(frontier["name"], ""))
             for frontier in [*report["frontiers"], report["zero_router"]]]
    record = {}
    for (name, what), settings in made.items():
        reading = reader.read([Setting(table.score[n, chosen], table.cost[n, chosen]) for chosen in settings])
        lines.append(line_of_router(name, what, reading))
        record[f"{name}, {what}"] = vars(reading[0])
    print(f"\n{len(table.ids)} questions, {len(table.models)} models, {args.cv} folds; single best model "
          f"{100 * reader.marks[0].mean():.2f} % at {reader.marks[1].mean():.3g}\n\n"
          "| frontier | sees | cost at its accuracy, of its | more accuracy at its cost, points | AIQ, % |\n"
          "|---|---|---|---|---|")
    print("\n".join(text for _, text in sorted(lines, key=lambda one: -one[0])))
    auto = next(method for method in report["methods"] if method["name"] == "auto")
    print(f"\nauto ({report['auto_kinds']}): {100 * auto['score_gain_over_sbs']['value']:+.2f} points at "
          f"{auto['time_ratio_to_sbs']['value']:.2f} of its cost", flush=True)
    return record


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="CSV of scores or answers and costs, also gzipped")
    parser.add_argument("--text", required=True, help="the column of texts")
    parser.add_argument("--triage", type=Path, required=True, help="the program, such as build/release/triage")
    parser.add_argument("--cv", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bootstrap", type=int, default=500, help="resamples for the intervals")
    parser.add_argument("--dimensions", type=int, default=128, help="of a text's embedding")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    args.triage = args.triage.resolve()
    warnings.filterwarnings("ignore")
    stay_on_one_core()
    print(one_line(machine()), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        report, folds = run_triage(args, Path(scratch))
        table = read_table(args.table, args.text, folds)
    check_same_table(table, report)
    record = print_table(table, report, choices(table, args), args)
    if args.json:
        args.json.write_text(json.dumps({"machine": machine(), "routers": record, "triage": report}, indent=1) + "\n")


if __name__ == "__main__":
    main()
