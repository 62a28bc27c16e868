#!/usr/bin/env python3
"""Selectors of the field beside Triage's, on scenarios of the Algorithm Selection Library and their official folds.

  python3 -m venv venv && venv/bin/pip install -r bench/studies/requirements.txt
  venv/bin/python bench/studies/aslib_selectors.py SCENARIO_DIR... --triage build/release/triage --json all.json

Prints a table for each scenario: the closed gap of every method, for each seed and on average, and its times. All are
trained on the same folds (repetition 1) and judged by the same function; costs of features are not charged. A closed
gap of 0 is the best single algorithm over all instances, 1 the best algorithm of each instance.

Everything runs on one core, and times are processor times, so that other work does not count. Those of the rivals are
per fold and per instance of a batch; those of Triage are of the programs `triage train`, on all instances, and `triage
choose`, so that starting them and reading files counts. What would take longer than --minutes for one seed is left out,
and named below the table.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import field_selectors as rivals
from aslib_scenario import Scenario, Schedule, closed_gap, played, read_scenario, single_best, virtual_best
from triage_program import children_s, machine, one_line, stay_on_one_core, triage

TRIAGE_METHODS = ("forests", "auto", "premodel", "SBS")


@dataclass
class Outcome:
    """Of one method on one scenario; lists have an entry for each seed that ran."""

    name: str
    package: str
    mean_loss: list[float] = field(default_factory=list)
    fold_loss: list[list[float]] = field(default_factory=list)
    train_s: list[float] = field(default_factory=list)  # of a fold
    choose_ms: list[float] = field(default_factory=list)  # of an instance
    kinds: list[dict[str, int]] = field(default_factory=list)  # what auto took, by folds
    left_out: str = ""

    def gaps(self, scenario: Scenario) -> list[float]:
        return [closed_gap(scenario, loss) for loss in self.mean_loss]


class TooLongError(Exception):
    pass


@dataclass
class Run:
    """Of one selector with one seed: what it said of each instance, by folds of one training each."""

    schedules: list[Schedule]
    train_s: float
    choose_ms: float


def cross_validate(scenario: Scenario, rival: rivals.Rival, seed: int, most_s: float) -> Run:
    schedules: list[Schedule] = [[] for _ in scenario.instances]
    train_s = choose_s = 0.0
    folds = scenario.folds()
    for k, fold in enumerate(folds):
        rows, test = np.flatnonzero(scenario.fold != fold), np.flatnonzero(scenario.fold == fold)
        began = time.process_time()
        x, x_test = rivals.impute(scenario.features[rows], scenario.features[test])
        predict = rival.fit(scenario, rows, x, seed)
        trained = time.process_time()
        for i, schedule in zip(test, predict(x_test), strict=True):
            schedules[i] = schedule
        train_s += trained - began
        choose_s += time.process_time() - trained
        expected = (train_s + choose_s) / (k + 1) * len(folds)
        if expected > most_s:
            raise TooLongError(f"about {expected / 60:.0f} minutes a seed")
    return Run(schedules, train_s / len(folds), 1000 * choose_s / len(scenario.instances))


def judge(scenario: Scenario, outcome: Outcome, run: Run) -> None:
    losses = np.array([played(scenario, i, schedule) for i, schedule in enumerate(run.schedules)])
    outcome.mean_loss.append(float(losses.mean()))
    outcome.fold_loss.append([float(losses[scenario.fold == fold].mean()) for fold in scenario.folds()])
    outcome.train_s.append(run.train_s)
    outcome.choose_ms.append(run.choose_ms)


def presolved(scenario: Scenario, behind: dict[str, list[Run]]) -> list[Outcome]:
    """The package's presolvers in front of selectors that were trained already."""
    before: dict[str, tuple[dict[int, Schedule], float]] = {}
    outcomes = []
    for name in rivals.ASF_PRESOLVERS:
        began = time.process_time()
        try:
            runs = {}
            for fold in scenario.folds():
                rows = np.flatnonzero(scenario.fold != fold)
                x, _ = rivals.impute(scenario.features[rows], scenario.features[rows])
                runs[fold] = rivals.asf_presolver(name, scenario, rows, x)
            before[name] = runs, (time.process_time() - began) / len(runs)
        except Exception as error:  # of the package: it is named below the table
            outcomes.append(Outcome(name, "asf", left_out=f"{type(error).__name__}: {error}"))
    for name, (runs, seconds) in before.items():
        for selector, trained in behind.items():
            outcome = Outcome(f"{selector} after {name}", "asf")
            for run in trained:
                schedules = [runs[int(scenario.fold[i])] + schedule for i, schedule in enumerate(run.schedules)]
                judge(scenario, outcome, Run(schedules, run.train_s + seconds, run.choose_ms))
            outcomes.append(outcome)
    return outcomes


def run_rivals(scenario: Scenario, args: argparse.Namespace, note: Callable[[list[Outcome]], None]) -> None:
    """Calls `note` with all outcomes so far after each seed."""
    taken = [rival for rival in rivals.RIVALS if (scenario.cutoff is not None or not rival.run_times) and
             re.search(args.only, f"{rival.package} {rival.name}")]
    outcomes = {rival.name: Outcome(rival.name, rival.package) for rival in taken}
    behind: dict[str, list[Run]] = {}
    for seed in args.seeds:
        for rival in taken:
            outcome = outcomes[rival.name]
            if outcome.left_out or (outcome.mean_loss and not rival.seeded):
                continue
            try:
                run = cross_validate(scenario, rival, seed, 60 * args.minutes)
                judge(scenario, outcome, run)
                if rival.package == "asf" and rival.name in rivals.ASF_PRESOLVED:
                    behind.setdefault(rival.name, []).append(run)
            except TooLongError as error:
                outcome.left_out = str(error)
            except Exception as error:  # of a package: it is named below the table
                outcome.left_out = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            say(scenario, outcome)
        note(list(outcomes.values()))
    if scenario.cutoff is not None and behind:
        note([*outcomes.values(), *presolved(scenario, behind)])


def say(scenario: Scenario, outcome: Outcome) -> None:
    gaps = " ".join(f"{gap:.3f}" for gap in outcome.gaps(scenario))
    print(f"{scenario.name}: {outcome.package} {outcome.name}: {outcome.left_out or gaps}", file=sys.stderr, flush=True)


def loss_of(scenario: Scenario, terms: dict, score: float) -> float:
    """The loss, in the scenario's own numbers, of a score that Triage reports as 0 to 1."""
    own = terms["worst"] + score * (terms["best"] - terms["worst"])
    return -own if scenario.cutoff is None and scenario.maximize else own


def check_same_table(scenario: Scenario, report: dict) -> None:
    """Triage read the same numbers: each algorithm alone, and the best of each instance, have the same mean loss."""
    pooled = {method["name"]: method["pooled"]["score"] for method in report["methods"]}
    vbs = next(m["pooled"]["score"] for m in report["methods"] if m["kind"] == "vbs")
    pairs = [(loss_of(scenario, report["terms"], vbs), virtual_best(scenario))]
    pairs += [(loss_of(scenario, report["terms"], pooled[name]), float(scenario.loss[:, j].mean()))
              for j, name in enumerate(scenario.algorithms)]
    for theirs, ours in pairs:
        if abs(theirs - ours) > 1e-5 * max(1, abs(ours)):
            raise SystemExit(f"{scenario.name}: triage has a mean of {theirs}, this script {ours}")


def time_triage(scenario: Scenario, program: Path, profile: Path, policy: str) -> tuple[float, float]:
    """Seconds of training on all instances, milliseconds of choosing for an instance."""
    made, rows = profile.with_suffix(f".{policy}.triage"), profile.with_suffix(".csv")
    with rows.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", *scenario.feature_names])
        for instance, values in zip(scenario.instances, scenario.features):
            out.writerow([instance, *("" if np.isnan(value) else repr(float(value)) for value in values)])
    began = children_s()
    triage(program, "train", profile, *(["--policy", policy] if policy != "auto" else []), "-o", made)
    trained = children_s()
    if policy == "auto":
        return trained - began, float("nan")  # it may be a single model, which needs no features
    triage(program, "choose", "--policy", made, rows)
    return trained - began, 1000 * (children_s() - trained) / len(scenario.instances)


def run_triage(scenario: Scenario, folder: Path, args: argparse.Namespace, scratch: Path) -> list[Outcome]:
    profile = scratch / f"{scenario.name}.profile"
    triage(args.triage, "import", "aslib", folder.resolve(), "-o", profile)
    outcomes = {name: Outcome(name, "triage") for name in TRIAGE_METHODS}
    for seed in args.seeds:
        report = json.loads(triage(args.triage, "evaluate", profile, "--cv", "official", "--seed", seed,
                                   "--bootstrap", 0, "--json"))
        check_same_table(scenario, report)
        for method in report["methods"]:
            outcome = outcomes.get(method["name"])
            if outcome is None:
                continue
            outcome.mean_loss.append(loss_of(scenario, report["terms"], method["pooled"]["score"]))
            outcome.fold_loss.append([loss_of(scenario, report["terms"], f["score"]) for f in method["folds"]])
            if method["name"] == "auto":
                outcome.kinds.append(report["auto_kinds"])
    for name in ("forests", "auto"):
        seconds, ms = time_triage(scenario, args.triage, profile, name)
        outcomes[name].train_s.append(seconds)
        outcomes[name].choose_ms.append(ms)
    found = [outcome for outcome in outcomes.values() if outcome.mean_loss]
    for outcome in found:
        say(scenario, outcome)
    return found


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def table(scenario: Scenario, outcomes: list[Outcome]) -> str:
    quality = "quality" if scenario.cutoff is None else f"PAR10, cutoff {scenario.cutoff:g} s"
    n, m = scenario.loss.shape
    lines = [f"**{scenario.name}**, {n} x {m}, {scenario.features.shape[1]} features, {quality}; mean loss of the best "
             f"single algorithm {single_best(scenario):.5g}, of the best of each instance {virtual_best(scenario):.5g}",
             "", "| from | method | closed gap | by seed | training, s a fold | choosing, ms |",
             "|---|---|---|---|---|---|"]

    def figure(values: list[float], digits: int) -> str:
        return "" if not values or np.isnan(values[0]) else f"{mean(values):.{digits}f}"

    judged = [outcome for outcome in outcomes if outcome.mean_loss]
    for outcome in sorted(judged, key=lambda one: mean(one.mean_loss)):
        gaps = outcome.gaps(scenario)
        by_seed = ", ".join(f"{gap:.3f}" for gap in gaps)
        lines.append(f"| {outcome.package} | {outcome.name} | {mean(gaps):.3f} | {by_seed} | "
                     f"{figure(outcome.train_s, 2)} | {figure(outcome.choose_ms, 3)} |")
    lines += [""] + [f"- auto took, seed by seed: {outcome.kinds}" for outcome in outcomes if outcome.kinds]
    lines += [f"- left out: {outcome.package} {outcome.name} ({outcome.left_out})"
              for outcome in outcomes if outcome.left_out]
    return "\n".join(lines)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", type=Path, nargs="+", metavar="SCENARIO_DIR")
    parser.add_argument("--triage", type=Path, required=True, help="the program, such as build/release/triage")
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, default=3, help="what takes longer for one seed is left out")
    parser.add_argument("--only", default="", help="only rivals in whose package and name this pattern is")
    parser.add_argument("--json", type=Path, help="write all results, of each fold too, to this file")
    return parser.parse_args()


def run_scenario(folder: Path, args: argparse.Namespace, scratch: Path, record: dict) -> None:
    scenario = read_scenario(folder)
    ours = run_triage(scenario, folder, args, scratch)
    outcomes = list(ours)

    def note(theirs: list[Outcome]) -> None:
        outcomes[:] = ours + theirs
        record["scenarios"][scenario.name] = [vars(one) | {"closed_gap": one.gaps(scenario)} for one in outcomes]
        if args.json:
            args.json.write_text(json.dumps(record, indent=1) + "\n")

    run_rivals(scenario, args, note)
    print("\n" + table(scenario, outcomes), flush=True)


def main() -> None:
    args = parse_args()
    args.triage = args.triage.resolve()
    warnings.filterwarnings("ignore")
    stay_on_one_core()
    record = {"machine": machine(), "seeds": args.seeds, "scenarios": {}}
    print(one_line(record["machine"]), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for folder in args.scenarios:
            run_scenario(folder, args, Path(scratch), record)


if __name__ == "__main__":
    main()
