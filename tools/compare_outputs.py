#!/usr/bin/env python3
"""Proves that a refactoring changed no output: runs two builds of triage on one profile and compares what they write.

The old build runs at least twice, to find what depends on the clock: what differs between its own runs is noise. Changed
words are listed, but are not a failure. Exit code: 0 nothing differs, 1 something does, 2 the builds cannot be compared.
"""

from __future__ import annotations

import argparse
import collections
import functools
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from output_differences import Result, compare_documents, compare_policies, compare_texts, pattern_of
from output_formats import Page, document_of

LISTED = 20  # lines of each kind shown for one comparison, without --all
# Numbers of runs of OLD and NEW; the later pairs only where something seems to differ.
ROUNDS = ((2, 1), (3, 2))
ROUNDS_OF_TRAINING = ((1, 1), (2, 1), (3, 2))  # it rarely looks at the clock
ROUNDS_OF_ANSWERS = ((2, 1), (4, 2), (8, 4))  # fast, with clocks that tick coarsely
POLICIES = {  # options of `triage train`
    "auto": [],
    "adaptive": ["--policy", "adaptive"],
    "half": ["--policy", "adaptive", "--train-share", "0.5"],
    "cascade": ["--policy", "cascade"],
    "premodel": ["--policy", "premodel"],
    "chain-dt": ["--policy", "premodel", "--premodel", "dt.dt.dt"],
    "chain-svm": ["--policy", "premodel", "--premodel", "svm.svm.svm"],
    "chain-mixed": ["--policy", "premodel", "--premodel", "dt.knn.svm", "--label", "correct"],
    "one-knn": ["--policy", "premodel", "--premodel", "knn", "--weights", "distance"],
    "one-dt": ["--policy", "premodel", "--premodel", "dt"],
    "one-svm": ["--policy", "premodel", "--premodel", "svm"],
    "limited": ["--policy", "premodel", "--max-distance-quantile", "0.9", "--beyond", "fallback"],
}


class CannotCompare(Exception):
    """An error that the caller can fix: one line."""


# ---- what is run ----


def say(text: str) -> None:
    print(f"compare_outputs: {text}", file=sys.stderr, flush=True)


def digest_of(*parts: Path | str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode() + b"\0")
    return digest.hexdigest()[:12]


class Build:
    """One of the two binaries, with its own folder; no command is run twice there."""

    def __init__(self, name: str, binary: Path, folder: Path) -> None:
        self.name, self.binary, self.folder = name, binary.resolve(), folder
        (folder / "runs").mkdir(parents=True, exist_ok=True)

    def run(self, what: str, number: int, *arguments: str, cwd: Path | None = None) -> dict:
        """The document it printed, or its message; with the exit code."""
        record = self.folder / "runs" / f"{what}, {number}, {digest_of(*arguments)}.json"
        if record.exists():
            return json.loads(record.read_text())
        start = time.monotonic()
        done = subprocess.run([self.binary, *arguments], cwd=cwd or self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        say(f"{self.name}: {what}: {time.monotonic() - start:.1f} s")
        try:
            document = json.loads(done.stdout)
        except json.JSONDecodeError:
            document = {"message": (done.stderr or done.stdout).strip()[-2000:]}
        document = {"exit code": done.returncode} | document
        record.with_suffix(".part").write_text(json.dumps(document))
        record.with_suffix(".part").rename(record)
        return document


class Comparison:
    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        old, new = digest_of(options.old), digest_of(options.new)
        inputs = digest_of(options.profile, options.zoo, options.images, f"{options.inputs} {options.quick}")
        self.folder = folder.resolve() / inputs
        self.old = Build("OLD", options.old, self.folder / f"OLD {old}")
        self.new = Build("NEW", options.new, self.folder / f"NEW {new} beside {old}")
        self.zoo, self.images = str(options.zoo.resolve()), str(options.images.resolve())
        self.profile = f"../{options.profile.name}"
        if not (self.folder / options.profile.name).exists():
            self.provide_profile()
        models = json.loads(options.zoo.read_text())["models"]
        first = next(model["name"] for model in models if model.get("role", "classifier") == "classifier")
        self.kinds = POLICIES | {"single": ["--policy", f"single:{first}"], "certified": []}

    def provide_profile(self) -> None:
        """A copy of the profile, since reading it may leave files beside it; or a new profile of few images."""
        part = self.folder / "part"
        if self.options.quick:
            done = self.old.run("profile of 2,000 images", 0, "profile", "--zoo", self.zoo, "--data", self.images,
                                "--range", "0:2000", "-o", str(part))
            if done["exit code"] != 0:
                raise CannotCompare(f"OLD: {done['message']}")
        else:
            shutil.copyfile(self.options.profile, part)
        part.rename(self.folder / self.options.profile.name)

    def policy(self, build: Build, kind: str, number: int) -> dict:
        """What training printed, and the policy file, if any; the first one of each build stays in its folder."""
        folder = build.folder if number == 0 else build.folder.with_name(f"{build.folder.name}, {number}")
        folder.mkdir(exist_ok=True)
        command, what = ["train", self.profile, *self.kinds[kind]], f"train {kind}"
        if kind == "certified":
            if number > 0:
                shutil.copyfile(build.folder / "half.triage", folder / "half.triage")
            command, what = ["calibrate", self.profile, "--policy", "half.triage"], "calibrate"
            command += ["--max-loss", "0.05" if self.options.quick else "0.005"]
        document = build.run(what, number, *command, "-o", f"{kind}.triage", "--json", cwd=folder)
        path = folder / f"{kind}.triage"
        return {"printed": document_of({kind: document}), "file": path if path.exists() else None}

    def policies(self) -> Iterator[Result]:
        printed = Result("what train and calibrate print")
        for kind in self.kinds:
            def compare(olds: list[dict], news: list[dict], name: str = f"policy {kind}") -> list[Result]:
                files = [[run["file"] for run in runs] for runs in (olds, news)]
                file = Result(name, "not written by both")
                if all(files[0] + files[1]):
                    file = compare_policies(name, *files)
                return [file, compare_documents(name, *([run["printed"] for run in runs] for runs in (olds, news)))]

            file, text = settle(functools.partial(self.policy, self.old, kind),
                                functools.partial(self.policy, self.new, kind), compare, ROUNDS_OF_TRAINING)
            printed.add(text)
            yield file
        yield printed

    def evaluations(self) -> list[Result]:
        def run(build: Build, number: int) -> dict:
            how = ["--cv", "3", "--bootstrap", "200"] if self.options.quick else ["--cv", "10"]
            page = build.folder / f"{number}.html"
            document = build.run("evaluate", number, "evaluate", self.profile, *how, "--json", "--report", page.name)
            return document_of(document) | {"page": Page(page.read_text()).texts if page.exists() else []}

        def compare(olds: list[dict], news: list[dict]) -> list[Result]:
            data, page = compare_documents("evaluate --json", olds, news), Result("evaluate --report")
            compare_texts(page, [run["page"] for run in olds], [run["page"] for run in news], data.figures)
            return [data, page]

        return settle(functools.partial(run, self.old), functools.partial(run, self.new), compare, ROUNDS)

    def answers(self, kind: str) -> Iterator[Result]:
        def run(build: Build, owner: Build, number: int) -> dict:
            return document_of(build.run(
                f"classify, {kind} of {owner.name}", number, "classify", "--policy", f"{kind}.triage", "--zoo",
                self.zoo, self.images, "--range", f"0:{self.options.inputs}", "--top", "16", "--explain", "--json",
                "--cache", str(build.folder / "cache"), cwd=owner.folder))

        if not (self.old.folder / f"{kind}.triage").exists():
            return
        old = functools.partial(run, self.old, self.old)
        owners = [(self.old, f"classify, {kind} of OLD in both")]
        if kind in ("adaptive", "premodel"):
            owners.append((self.new, f"classify, {kind} of each build"))
        for owner, name in owners:
            yield from settle(old, functools.partial(run, self.new, owner),
                              lambda olds, news, name=name: [compare_documents(name, olds, news)], ROUNDS_OF_ANSWERS)

    def run(self) -> Iterator[Result]:
        yield from self.policies()
        yield from self.evaluations()
        for kind in self.kinds:
            yield from self.answers(kind)


def settle(old: Callable[[int], dict], new: Callable[[int], dict],
           compare: Callable[[list[dict], list[dict]], list[Result]], rounds: tuple) -> list[Result]:
    """Compares alternating runs of both builds; with more runs where something seems to differ."""
    olds: list[dict] = []
    news: list[dict] = []
    results: list[Result] = []
    for n_olds, n_news in rounds:
        while len(olds) < n_olds or len(news) < n_news:
            if len(olds) < n_olds:
                olds.append(old(len(olds)))
            if len(news) < n_news:
                news.append(new(len(news)))
        results = compare(olds, news)
        suspects = [(result.name, *difference) for result in results for difference in result.differences]
        if not suspects:
            break
        say(f"after {len(olds)} and {len(news)} runs {len(suspects)} seem to differ, first in {': '.join(suspects[0])}")
    return results


# ---- what is shown ----


def show_list(title: str, lines: list[str], show_all: bool) -> None:
    if not lines:
        return
    print(f"\n{title}")
    for line in lines if show_all else lines[:LISTED]:
        print(f"  {line}")
    if len(lines) > LISTED and not show_all:
        print(f"  ... and {len(lines) - LISTED} more; --all lists them")


def show(results: list[Result], show_all: bool) -> None:
    wording: dict[tuple[str, str], None] = {}
    for result in results:
        like = collections.Counter(pattern_of(path) for path, _ in result.differences)
        lines = []
        for path, description in result.differences:
            more = like.pop(pattern_of(path), 0)
            if show_all or more:
                lines.append(f"{path}: {description}" + (f"   ({more} like it)" if more > 1 else ""))
        show_list(f"Different: {result.name}", lines, show_all)
        wording |= dict.fromkeys(result.wording)
        if show_all:
            show_list(f"Noisy: {result.name}", [f"{path}: {n}" for path, n in sorted(result.noise.items())], True)
    lines = [f"{old or '(nothing)'}\n    -> {new or '(nothing)'}" for old, new in wording]
    show_list("Wording, and what was drawn elsewhere, old -> new", lines, show_all)
    width = max(len(result.name) for result in results)
    print(f"\n{'':<{width}} {'compared':>9} {'equal':>9} {'noisy':>7} {'different':>9} {'wording':>8}")
    for result in results:
        counts = [result.counts[key] for key in ("equal", "noisy", "different", "wording")]
        equal, noisy, different, reworded = counts
        print(f"{result.name:<{width}} {sum(counts):>9} {equal:>9} {noisy:>7} {different:>9} {reworded:>8}"
              f"  {result.note}".rstrip())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, metavar="OLD_TRIAGE")
    parser.add_argument("new", type=Path, metavar="NEW_TRIAGE")
    parser.add_argument("--profile", type=Path, required=True, help="profile to train and evaluate on")
    parser.add_argument("--zoo", type=Path, required=True, help="manifest of its models")
    parser.add_argument("--images", type=Path, required=True, help="IDX file to classify")
    parser.add_argument("--inputs", type=int, default=500, help="how many of its images (default: 500)")
    parser.add_argument("--quick", action="store_true",
                        help="let OLD profile 2,000 of the images, and use that in the profile's place")
    parser.add_argument("--folder", type=Path,
                        help="work there and leave everything; what the same binaries have run there before is not run "
                        "again, so that the next build is compared with what OLD wrote for this one")
    parser.add_argument("--all", action="store_true", help="list everything that differs, and what is noisy")
    options = parser.parse_args()
    try:
        for path in (options.old, options.new, options.profile, options.zoo, options.images):
            if not path.is_file():
                raise CannotCompare(f"{path}: no such file")
        with tempfile.TemporaryDirectory(prefix="compare_outputs.") as folder:
            results = list(Comparison(options, options.folder or Path(folder)).run())
    except CannotCompare as error:
        say(str(error))
        return 2
    show(results, options.all)
    return 1 if any(result.differences for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
