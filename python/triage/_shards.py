"""The folder in which a profile grows that several processes measure: its plan, its shards, and what of them is joined."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from triage import errors
from triage._native import core
from triage.profiling import merge


class ShardFolder:
    """`<out>.shards`: ``plan.json``, and of each shard its profile and, once it is finished, a JSON file of how that went."""

    def __init__(self, out: pathlib.Path) -> None:
        self.path = out.with_name(out.name + ".shards")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise errors.IoError(f"{self.path}: cannot be made ({error.strerror}), expected a writable folder") from None
        for left in self.path.glob("joined-*"):
            left.unlink()

    def profile(self, shard: int) -> pathlib.Path:
        return self.path / f"{shard:05d}.profile"

    def plan(self, wanted: Mapping[str, Any], shards: int | None, machines: list[str], machines_apart: bool) -> int:
        """Begins, or goes on with what was begun; gives the number of shards."""
        file = self.path / "plan.json"
        if not file.exists():
            write_json(file, {"shards": shards, "of": dict(wanted), "machines": machines})
            return int(shards or 1)
        there = json.loads(file.read_text())
        before, now = there["of"], json.loads(json.dumps(dict(wanted)))
        for key in now:
            if before.get(key) != now[key]:
                raise errors.ProfileError(
                    f"{self.path}: holds shards of {key} {before.get(key)!r}, expected {now[key]!r}; write another file, or "
                    "remove the folder"
                )
        check_machines([*there["machines"], *machines], machines_apart)
        write_json(file, {**there, "machines": sorted({*there["machines"], *machines})})
        return int(there["shards"])

    def finished(self, shards: int) -> dict[int, dict[str, Any]]:
        """How the shards went that are finished already."""
        found = {}
        for shard in range(shards):
            file = self.profile(shard).with_suffix(".json")
            if file.exists() and self.profile(shard).exists():
                found[shard] = json.loads(file.read_text())
        return found

    def remove(self) -> None:
        """Removes what is ours, and the folder where nothing else is in it."""
        for file in [*self.path.glob("?????.*"), *self.path.glob("joined-*"), self.path / "plan.json"]:
            file.unlink(missing_ok=True)
        try:
            self.path.rmdir()
        except OSError:
            pass


def check_machines(machines: list[str], machines_apart: bool) -> None:
    """Raises ProfileError for machines of different kinds before hours are spent on times that cannot be joined."""
    other = next((machine for machine in machines if not core.same_machine(machine, machines[0])), None)
    if other is not None and not machines_apart:
        raise errors.ProfileError(
            f"workers: on '{other}' and on '{machines[0]}', expected one kind of machine, since times of different ones have no "
            "common mean; choose nodes of one kind, or say machines_apart=True, which keeps each input's times as they are"
        )


class Joining:
    """Joins shards as they arrive.

    Whenever as many are there as were joined before, so that a row is copied about log2 of the shards' number times, in a
    thread beside the caller's.
    """

    def __init__(self, folder: ShardFolder, machines_apart: bool) -> None:
        self._folder, self._machines_apart = folder, machines_apart
        self._pool = ThreadPoolExecutor(1)
        self._busy: Future[int] | None = None
        self._joined: pathlib.Path | None = None
        self._n_joined, self._n_files = 0, 0
        self._waiting: list[pathlib.Path] = []

    def add(self, profile: pathlib.Path) -> None:
        """Takes a finished shard. Raises what joining earlier ones raised."""
        self._waiting.append(profile)
        if self._busy is not None and not self._busy.done():
            return
        self._settle()
        if len(self._waiting) >= max(2, self._n_joined):
            sources, target = self._take()
            self._busy = self._pool.submit(merge, sources, target, machines_apart=self._machines_apart)

    def finish(self, out: pathlib.Path) -> int:
        """Joins what is left into `out`; gives the number of inputs."""
        self._settle()
        sources, _ = self._take()
        inputs = merge(sources, out, machines_apart=self._machines_apart)
        self._settle()
        return inputs

    def close(self) -> None:
        """Waits for what is being joined."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _take(self) -> tuple[list[pathlib.Path], pathlib.Path]:
        sources = [*([self._joined] if self._joined is not None else []), *self._waiting]
        self._n_joined += len(self._waiting)
        self._waiting = []
        self._n_files += 1
        self._joined = self._folder.path / f"joined-{self._n_files}.profile"
        return sources, self._joined

    def _settle(self) -> None:
        if self._busy is not None:
            self._busy.result()
            self._busy = None
        for old in self._folder.path.glob("joined-*.profile"):
            if old != self._joined:
                old.unlink()


def write_json(file: pathlib.Path, content: Any) -> None:
    """Whole or not at all."""
    core.write_report(str(file), json.dumps(content, indent=1))
