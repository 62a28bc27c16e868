"""Profiling on many machines, with Ray: ``pip install triage-select[ray]``.

>>> import triage.ray
>>> triage.ray.profile("zoo.json", "/data/pictures", "zoo.profile", threads=4)
"""

from __future__ import annotations

import fcntl
import importlib
import os
import pathlib
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from triage import errors
from triage._native import core
from triage._remote_data import is_uri, labels_beside, local_copies, write_rows
from triage._shards import Joining, ShardFolder, check_machines, write_json
from triage.classifier import Network
from triage.profiling import PathLike, Profiler, _paths
from triage.progress import ProgressLike, resolve

try:
    # Untyped here, whether or not Ray is installed where types are checked.
    ray: Any = importlib.import_module("ray")
    scheduling: Any = importlib.import_module("ray.util.scheduling_strategies")
except ImportError:
    raise ImportError("triage.ray needs Ray: pip install 'triage-select[ray]'") from None

#: So many shards for each worker, where the caller does not say: the last ones end at about the same time.
_SHARDS_A_WORKER = 16
#: How often the driver asks which nodes are alive and how far workers are.
_LOOK_SECONDS = 0.5
#: A shard that ends its worker so often does so because of what is in it.
_MOST_LOSSES = 5


@dataclass(frozen=True)
class RayProfileSummary:
    """What `profile` did.

    Attributes
    ----------
    inputs, failed : int
        In the profile; that failed in this run.
    shards, kept_shards : int
        All; those that an earlier run had finished.
    lost : int
        How often a worker died and its shard was given to another.
    resumed : int
        Inputs that shards had already when they were gone on with.
    wall_s : float
        From the first shard handed out to the last one finished.
    network_share : float
        Of the workers' time from then to then, the share inside models, 0 to 1; NaN where nothing was left to measure.
    workers : list of dict
        Of each: ``node``, ``cores`` and ``machine``; its models run with as many threads as it has cores.
    load : (float, float)
        Lowest and highest 1-minute load per core when shards began and ended.
    warnings : list of str
    """

    inputs: int
    failed: int
    shards: int
    kept_shards: int
    lost: int
    resumed: int
    wall_s: float
    network_share: float
    workers: list[dict[str, Any]]
    load: tuple[float, float]
    warnings: list[str]


class _Worker:
    """Measures one shard after another with models that it keeps, on cores of its own."""

    def __init__(self, cores: Sequence[int], zoo: str, call: Mapping[str, Any]) -> None:
        # Ray's threads are there already, and those to come inherit from them.
        for task in os.listdir("/proc/self/task"):
            try:
                os.sched_setaffinity(int(task), cores)
            except ProcessLookupError:
                pass
        self._cores, self._zoo, self._call = list(cores), zoo, dict(call)
        self._profiler: Profiler | None = None
        self._done = 0

    def prepare(self) -> dict[str, Any]:
        """Here and not where the worker is made, whose exceptions Ray turns into texts."""
        if self._profiler is None:
            call = dict(self._call)
            data, labels = call.pop("data"), call.pop("labels")
            beside = [labels_beside(path) for path in data if is_uri(path)] if labels is None else []
            if beside and all(beside) and len(beside) == len(data):
                labels = [path for path in beside if path is not None]
            if labels is not None:
                labels = local_copies(labels)
            self._profiler = Profiler(self._zoo, local_copies(data), labels=labels, threads=len(self._cores), **call)
        return {"inputs": len(self._profiler), "machine": core.machine_description(), "pid": os.getpid()}

    def measure(self, out: str, shard: int, shards: int) -> dict[str, Any]:
        self.prepare()
        assert self._profiler is not None
        self._done = 0
        _wait_for_writer(out)
        load = core.load_per_core()
        summary = self._profiler.measure(out, shard=(shard, shards), progress=self._note)
        facts = {
            "inputs": summary.inputs,
            "failed": summary.failed,
            "resumed": summary.resumed,
            "wall_ms": summary.wall_ms,
            "network_ms": summary.network_ms,
            "warnings": summary.warnings,
            "load_per_core": [load, core.load_per_core()],
            "threads": len(self._cores),
            "cores": self._cores,
            "node": socket.gethostname(),
            "machine": core.machine_description(),
        }
        write_json(pathlib.Path(out).with_suffix(".json"), facts)
        return facts

    def done(self) -> int:
        """Inputs of the present shard that are measured; answered while it measures."""
        return self._done

    def _note(self, done: int, total: int, what: str) -> None:
        self._done = done


def _wait_for_writer(profile: str) -> None:
    """Whoever wrote it before may be about to die: a worker whose driver is gone, or whose node was thought to be."""
    for _ in range(300):
        try:
            with open(profile + ".lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return
        except FileNotFoundError:
            return
        except BlockingIOError:
            time.sleep(0.1)


def _describe(folder: str) -> dict[str, Any]:
    """What a node has: one processor of each core that its Ray may use, so that no two workers share one."""
    cores, seen = [], set()
    for cpu in sorted(os.sched_getaffinity(0)):
        topology = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        core_of = topology.read_text() if topology.exists() else str(cpu)
        if core_of not in seen:
            seen.add(core_of)
            cores.append(cpu)
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text()
    return {"cores": cores, "host": f"{socket.gethostname()} {boot}", "sees_folder": os.path.isdir(folder)}


@dataclass
class _Member:
    """A worker as the driver sees it."""

    handle: Any
    node: str
    host: str
    cores: list[int]
    machine: str = ""
    shard: int | None = None


def _make_members(zoo: str, call: Mapping[str, Any], workers: int | None, threads: int, folder: pathlib.Path) -> list[_Member]:
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= threads]
    on_node = {node["NodeID"]: scheduling.NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes}
    describe = ray.remote(num_cpus=0)(_describe)
    asked = {id_: describe.options(scheduling_strategy=where).remote(str(folder)) for id_, where in on_node.items()}
    make = ray.remote(max_restarts=-1, max_concurrency=2)(_Worker)
    members: list[_Member] = []
    taken: dict[str, int] = {}  # several nodes of Ray may be on one machine
    for node in nodes:
        facts = ray.get(asked[node["NodeID"]])
        if not facts["sees_folder"]:
            raise errors.IoError(
                f"{folder}: is not there on {node['NodeManagerHostname']}, expected a folder that all nodes share; write the "
                "profile to a shared file system"
            )
        for _ in range(int(node["Resources"]["CPU"]) // threads):
            first = taken.get(facts["host"], 0)
            cores = facts["cores"][first : first + threads]
            if len(cores) < threads or len(members) == workers:
                break
            taken[facts["host"]] = first + threads
            where = make.options(num_cpus=threads, scheduling_strategy=on_node[node["NodeID"]])
            handle = where.remote(cores, zoo, call)
            members.append(_Member(handle, node["NodeID"], facts["host"].split()[0], cores))
    if not members or (workers is not None and len(members) < workers):
        raise errors.UsageError(
            f"workers: room for {len(members)} of {threads} cores of their own, expected {workers or '1 or more'}; ask for "
            "fewer workers or threads, or add nodes"
        )
    return members


def _cause(error: Any) -> BaseException:
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else error


@dataclass
class _Run:
    """Hands shards to workers until all are finished."""

    folder: ShardFolder
    shards: int
    members: list[_Member]
    joining: Joining
    show: Any
    n_inputs: int
    finished: dict[int, dict[str, Any]]
    jobs: dict[Any, _Member] = field(default_factory=dict)
    losses: dict[int, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)

    def run(self) -> None:
        self.waiting = deque(shard for shard in range(self.shards) if shard not in self.finished)
        for shard in self.finished:
            self.seen[shard] = self.finished[shard]["inputs"]
            self.joining.add(self.folder.profile(shard))
        self.idle = list(self.members)
        self._hand_out()
        looked = time.monotonic()
        while len(self.finished) < self.shards:
            ready, _ = ray.wait(list(self.jobs), num_returns=1, timeout=_LOOK_SECONDS)
            for job in ready:
                self._take(job)
            self._hand_out()
            if time.monotonic() - looked >= _LOOK_SECONDS:
                self._drop_dead_nodes()
                self._report()
                looked = time.monotonic()
        self._report()

    def _hand_out(self) -> None:
        while self.idle and self.waiting:
            member, shard = self.idle.pop(), self.waiting.popleft()
            member.shard = shard
            self.jobs[member.handle.measure.remote(str(self.folder.profile(shard)), shard, self.shards)] = member

    def _take(self, job: Any) -> None:
        member = self.jobs.pop(job)
        try:
            facts = ray.get(job)
        except ray.exceptions.RayTaskError as error:
            raise _cause(error) from None
        except ray.exceptions.RayError as error:
            self._lose(member, error)
            return
        shard, member.shard = member.shard, None
        self.idle.append(member)
        if shard is not None:
            self.finished[shard] = facts
            self.seen[shard] = facts["inputs"]
            self.joining.add(self.folder.profile(shard))

    def _lose(self, member: _Member, error: Exception) -> None:
        """Its shard is given to whoever is free next; Ray starts the worker anew, if its node still is."""
        if member.shard is None:  # it was being started anew, in vain
            self._remove(member)
            return
        shard, member.shard = member.shard, None
        self.losses[shard] = self.losses.get(shard, 0) + 1
        if self.losses[shard] >= _MOST_LOSSES:
            raise errors.EngineError(
                f"{self.folder.profile(shard)}: its worker died {self.losses[shard]} times, the last time of '{error}', expected "
                "it to end; look into the logs of Ray, then run the same call again"
            )
        self.waiting.appendleft(shard)
        if isinstance(error, ray.exceptions.ActorUnavailableError):
            ray.kill(member.handle, no_restart=False)  # it may only be out of reach, and still be writing
        restarted = member.handle.prepare.options(max_task_retries=-1).remote()
        self.jobs[restarted] = member

    def _drop_dead_nodes(self) -> None:
        alive = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
        for job, member in list(self.jobs.items()):
            if member.node not in alive and member.shard is None:
                del self.jobs[job]
                self._remove(member)
        self.idle = [member for member in self.idle if member.node in alive]

    def _remove(self, member: _Member) -> None:
        self.members.remove(member)
        if not self.members:
            raise errors.EngineError("workers: all are gone, expected one or more; run the same call again to go on")

    def _report(self) -> None:
        if self.show is None:
            return
        asked = {member.handle.done.remote(): member for member in self.jobs.values() if member.shard is not None}
        answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=0.5) if asked else ([], [])
        for answer in answered:
            shard = asked[answer].shard
            try:
                if shard is not None:
                    self.seen[shard] = max(self.seen.get(shard, 0), ray.get(answer))
            except ray.exceptions.RayError:
                pass  # its shard is about to be lost, and seen to
        self.show(min(sum(self.seen.values()), self.n_inputs), self.n_inputs, f"{len(self.finished)}/{self.shards} shards")


def profile(
    zoo: PathLike,
    data: PathLike | Sequence[PathLike] | Any,
    out: PathLike,
    *,
    labels: PathLike | Sequence[PathLike] | None = None,
    labels_from: str = "",
    models: Sequence[str] = (),
    features: Sequence[str] = (),
    networks: Mapping[str, Network] | None = None,
    range: tuple[int, int] | None = None,
    threads: int = 1,
    workers: int | None = None,
    shards: int | None = None,
    exhaustive: bool = False,
    times_only: bool = False,
    commit_seconds: float = 1.0,
    machines_apart: bool = False,
    progress: ProgressLike = True,
) -> RayProfileSummary:
    """Runs every model on every picture, on all cores of a cluster of Ray.

    Parameters that are not listed are those of `triage.profile`. The table is the one that a single process would have
    made, times aside. Connects to the cluster that Ray finds, or starts one on this machine, unless ``ray.init`` was
    called before.

    Parameters
    ----------
    zoo : path
        The manifest, at this path on every node.
    data : path, URI, a sequence of these, or ray.data.Dataset
        Paths are those of every node. URIs such as ``s3://bucket/folder`` are fetched by fsspec, once for each node. Rows of
        a data set have ``image`` (uint8 pixels) or ``bytes``, and ``label``, and ``id`` or ``path``; they are written as files
        beside the shards.
    out : path
        A new file, in a folder that all nodes share. Shards are in the folder ``<out>.shards`` until all are joined: the
        same call goes on with them, whatever ended the call before.
    threads : int
        Of each model, and cores of each worker, which no other worker has.
    workers : int, optional
        How many; not given: as many as there is room for.
    shards : int, optional
        Parts that are handed out; not given: 16 for each worker. The number of an earlier call stands.
    networks : mapping of str to callable, optional
        Callables are pickled, and so have to be ones that cloudpickle takes.
    commit_seconds : float
        So much work is lost of a worker that dies; another one goes on with its shard.
    machines_apart : bool
        Whether nodes of different kinds may take part; each input's times then stay those of where it was measured.

    Returns
    -------
    RayProfileSummary

    Raises
    ------
    triage.Error
        UsageError where `out` exists or there is no room for the workers; ProfileError for nodes of different kinds, and
        where the folder holds shards of something else; what `triage.profile` raises.
    """
    target = pathlib.Path(os.path.abspath(os.fspath(out)))
    if target.exists():
        raise errors.UsageError(f"{target}: exists already, expected a new file; remove it or write another")
    folder = ShardFolder(target)
    files, label_files = _data_files(data, labels, folder)
    call = {
        "data": files,
        "labels": label_files,
        "labels_from": labels_from,
        "models": list(models),
        "features": list(features),
        "range": range,
        "exhaustive": exhaustive,
        "times_only": times_only,
    }
    if not ray.is_initialized():
        ray.init()
    manifest = os.path.abspath(os.fspath(zoo))
    plan = {"zoo": manifest, "threads": threads, **call}
    working = {**call, "networks": dict(networks or {}), "commit_seconds": commit_seconds}
    joining = Joining(folder, machines_apart)
    members: list[_Member] = []
    try:
        members = _make_members(manifest, working, workers, threads, folder.path)
        n_inputs = _prepare(members, machines_apart)
        machines = sorted({member.machine for member in members})
        n_shards = min(shards or _SHARDS_A_WORKER * len(members), max(1, n_inputs))
        n_shards = folder.plan(plan, n_shards, machines, machines_apart)
        kept = folder.finished(n_shards)
        run = _Run(folder, n_shards, list(members), joining, resolve(progress, "profile"), n_inputs, dict(kept))
        began = time.perf_counter()
        run.run()
        wall_s = time.perf_counter() - began
        _expect_all(joining.finish(target), n_inputs, target)
        folder.remove()
        return _summary(run, members, kept, wall_s)
    finally:
        for member in members:
            ray.kill(member.handle)
        joining.close()


def _data_files(data: Any, labels: Any, folder: ShardFolder) -> tuple[list[str], list[str] | None]:
    if hasattr(data, "iter_rows"):
        pictures, written = write_rows(data, folder.path / "data")
        given = _paths(labels) if labels is not None else None
        return [pictures], given or ([written] if written is not None else None)
    files = [path if is_uri(path) else os.path.abspath(path) for path in _paths(data)]
    if labels is None:
        return files, None
    return files, [path if is_uri(path) else os.path.abspath(path) for path in _paths(labels)]


def _prepare(members: list[_Member], machines_apart: bool) -> int:
    """Has workers load zoo and data; gives the number of inputs."""
    try:
        facts = ray.get([member.handle.prepare.remote() for member in members])
    except ray.exceptions.RayTaskError as error:
        raise _cause(error) from None
    for member, each in zip(members, facts):
        member.machine = each["machine"]
    check_machines([member.machine for member in members], machines_apart)
    return int(facts[0]["inputs"])


def _expect_all(joined: int, n_inputs: int, out: pathlib.Path) -> None:
    if joined == n_inputs:
        return
    out.unlink()
    raise errors.ProfileError(
        f"{out}: {joined} inputs in the shards, expected {n_inputs}; the data have changed since shards were measured: remove "
        f"{out}.shards and start again"
    )


def _summary(run: _Run, members: list[_Member], kept: dict[int, Any], wall_s: float) -> RayProfileSummary:
    fresh = [facts for shard, facts in run.finished.items() if shard not in kept]
    network_ms = sum(facts["network_ms"] for facts in fresh)
    loads = [load for facts in run.finished.values() for load in facts["load_per_core"]]
    said = {warning for facts in fresh for warning in facts["warnings"]}
    warnings = sorted(warning for warning in said if not warning.startswith("the machine was busy"))
    busy = [load for load in loads if load > 1]
    if busy:
        warnings.append(
            f"load per core was up to {max(busy):.2f}, of which the workers themselves are at most 1; beyond that times may be too long"
        )
    return RayProfileSummary(
        inputs=run.n_inputs,
        failed=sum(facts["failed"] for facts in fresh),
        shards=run.shards,
        kept_shards=len(kept),
        lost=sum(run.losses.values()),
        resumed=sum(facts["resumed"] for facts in fresh),
        wall_s=wall_s,
        network_share=network_ms / (1e3 * wall_s * len(members)) if fresh else float("nan"),
        workers=[{"node": m.host, "cores": m.cores, "machine": m.machine} for m in members],
        load=(min(loads), max(loads)),
        warnings=warnings,
    )
