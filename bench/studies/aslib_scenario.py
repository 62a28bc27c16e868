"""Scenarios of the Algorithm Selection Library: reading them, and the one scorer of the studies.

Only NumPy is needed. Every selector answers with a schedule for each instance, a list of (algorithm, seconds), which
`played` plays; a choice is a schedule of one algorithm without a limit. What counts is the mean loss: PAR10 of run
times, the quality with its sign turned where more is better. `closed_gap` compares it with the best single algorithm
over all instances (0) and the best algorithm of each instance (1).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PAR = 10
Schedule = list[tuple[int, float]]


@dataclass
class Scenario:
    """n instances, m algorithms, d features."""

    name: str
    instances: list[str]
    algorithms: list[str]
    feature_names: list[str]
    features: np.ndarray  # (n, d), NaN where missing or infinite
    value: np.ndarray  # (n, m) seconds until it ended, or the quality; NaN where there is none
    ok: np.ndarray  # (n, m) the run ended well, within the cutoff
    fold: np.ndarray  # (n) of repetition 1, as the scenario counts them
    cutoff: float | None  # seconds; None: it is judged by quality
    maximize: bool
    loss: np.ndarray  # (n, m) PAR10, or the quality, turned where more is better; the worst of all for a run not ok

    def folds(self) -> list[int]:
        return sorted(set(self.fold.tolist()))


def number(text: str) -> float:
    """NaN for what is missing or not finite."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def read_arff(path: Path) -> Iterator[dict[str, str]]:
    """The dense rows of an ARFF file, texts without their quotes."""
    names: list[str] = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        for line in file:
            words = line.split(None, 2)
            if not words or words[0].startswith("%"):
                continue
            if words[0].lower() == "@attribute":
                rest = line.strip()[len("@attribute"):].strip()
                quoted = rest[0] in "'\""
                names.append(rest[1:rest.index(rest[0], 1)] if quoted else rest.split(None, 1)[0])
            if words[0].lower() == "@data":
                break
        for line in file:
            text = line.strip()
            if not text or text.startswith("%"):
                continue
            row = next(csv.reader([text], quotechar='"' if text[0] == '"' else "'", skipinitialspace=True))
            if len(row) != len(names):
                raise ValueError(f"{path}: a row of {len(row)} values, expected {len(names)}: {text[:80]}")
            yield dict(zip(names, row))


def read_description(path: Path) -> dict[str, list[str]]:
    """The entries of description.txt that are values or lists of values, by name."""
    entries: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        text = line.split(" #")[0].rstrip()
        if text.lstrip().startswith("- ") and name:
            entries[name].append(text.strip()[2:].strip().strip("'\""))
        elif text and not text[0].isspace() and ":" in text:
            name, _, value = text.partition(":")
            parts = value.strip().strip("[]").split(",")
            entries[name] = [part.strip().strip("'\"") for part in parts if part.strip()]
        elif text and ":" in text:
            name = ""  # entries of an entry are not read
    return entries


def mean_of_repetitions(rows: Iterator[dict[str, str]], names: list[str]) -> dict[str, np.ndarray]:
    """For each instance the mean of the repetitions that have a value, NaN where none has."""
    found: dict[str, list[list[float]]] = {}
    for row in rows:
        found.setdefault(row["instance_id"], []).append([number(row[name]) for name in names])
    out = {}
    for instance, values in found.items():
        table = np.array(values)
        there = np.isfinite(table)
        count = there.sum(axis=0)
        out[instance] = np.where(count > 0, np.where(there, table, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    return out


def losses(value: np.ndarray, ok: np.ndarray, cutoff: float | None, maximize: bool) -> np.ndarray:
    if cutoff is not None:
        return np.where(ok, value, PAR * cutoff)
    signed = -value if maximize else value
    return np.where(ok, signed, signed[ok].max())


def read_scenario(folder: Path) -> Scenario:
    """Judged by the first of the performance measures; algorithms in the order in which the runs name them."""
    about = read_description(folder / "description.txt")
    measure, kind = about["performance_measures"][0], about["performance_type"][0]
    maximize = about["maximize"][0].lower() == "true"
    cutoff = float(about["algorithm_cutoff_time"][0]) if kind == "runtime" else None
    fold = {row["instance_id"]: int(float(row["fold"])) for row in read_arff(folder / "cv.arff")
            if float(row["repetition"]) == 1}
    instances = list(fold)
    at = {instance: i for i, instance in enumerate(instances)}
    runs = list(read_arff(folder / "algorithm_runs.arff"))
    algorithms = list(dict.fromkeys(row["algorithm"] for row in runs))
    column = {algorithm: j for j, algorithm in enumerate(algorithms)}
    total, count, good = (np.zeros((len(instances), len(algorithms))) for _ in range(3))
    for row in runs:
        cell = at[row["instance_id"]], column[row["algorithm"]]
        value = number(row[measure])
        fine = row["runstatus"].lower() == "ok" and math.isfinite(value) and (cutoff is None or value <= cutoff)
        count[cell] += 1
        good[cell] += fine
        total[cell] += value if fine else cutoff or 0
    if (count == 0).any():
        raise ValueError(f"{folder}: {int((count == 0).sum())} pairs of instance and algorithm have no run")
    ok = 2 * good > count
    value = np.where(ok, total / count, math.nan)
    with (folder / "feature_values.arff").open(encoding="utf-8-sig") as file:
        header = [line.split()[1].strip("'\"") for line in file if line.lower().startswith("@attribute")]
    names = [name for name in header if name not in ("instance_id", "repetition")]
    known = mean_of_repetitions(read_arff(folder / "feature_values.arff"), names)
    features = np.array([known.get(instance, np.full(len(names), math.nan)) for instance in instances])
    return Scenario(folder.name, instances, algorithms, names, features, value, ok, np.array(list(fold.values())),
                    cutoff, maximize, losses(value, ok, cutoff, maximize))


def alone(choices: Sequence[int] | np.ndarray) -> list[Schedule]:
    return [[(int(choice), math.inf)] for choice in choices]


def played(scenario: Scenario, instance: int, schedule: Schedule) -> float:
    """The loss on it. A program that was stopped goes on where it was; of qualities the first algorithm counts."""
    if scenario.cutoff is None:
        return float(scenario.loss[instance, schedule[0][0]])
    elapsed, spent = 0.0, [0.0] * len(scenario.algorithms)
    for algorithm, seconds in schedule:
        given = min(seconds, scenario.cutoff - elapsed)
        left = scenario.value[instance, algorithm] - spent[algorithm]
        if scenario.ok[instance, algorithm] and left <= given:
            return float(elapsed + left)
        elapsed += given
        spent[algorithm] += given
    return PAR * scenario.cutoff


def single_best(scenario: Scenario) -> float:
    return float(scenario.loss.mean(axis=0).min())


def virtual_best(scenario: Scenario) -> float:
    return float(scenario.loss.min(axis=1).mean())


def closed_gap(scenario: Scenario, mean_loss: float) -> float:
    """0: the best single algorithm over all instances; 1: the best algorithm of each instance."""
    return (single_best(scenario) - mean_loss) / (single_best(scenario) - virtual_best(scenario))
