"""Measuring a zoo of models on labelled pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from triage._native import core
from triage.progress import ProgressLike, resolve
from triage.zoo import Network, Zoo, networks_of

PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class ProfileSummary:
    """What `profile` did.

    Attributes
    ----------
    inputs, done, failed, resumed : int
        Of this part; measured, earlier runs included; that failed in this run; that were there when it began.
    wall_ms, network_ms : float
        Milliseconds of this run without loading; of it inside the models.
    warnings : list of str
    """

    inputs: int
    done: int
    failed: int
    resumed: int
    wall_ms: float
    network_ms: float
    warnings: list[str]


class Profiler:
    """A zoo and pictures, of which one shard after another is measured; models are loaded once.

    `profile` is this for a single shard, and describes the parameters.
    """

    def __init__(
        self,
        zoo: PathLike | Zoo,
        data: PathLike | Sequence[PathLike],
        *,
        labels: PathLike | Sequence[PathLike] | None = None,
        labels_from: str = "",
        models: Sequence[str] = (),
        features: Sequence[str] = (),
        networks: Mapping[str, Network] | None = None,
        range: tuple[int, int] | None = None,
        threads: int | None = None,
        exhaustive: bool = False,
        times_only: bool = False,
        commit_seconds: float = 1.0,
    ) -> None:
        options = core.ProfileOptions()
        options.data = _paths(data)
        options.labels = _paths(labels) if labels is not None else []
        options.labels_from, options.models, options.features = labels_from, list(models), list(features)
        options.range, options.threads, options.exhaustive = range, threads, exhaustive
        options.times_only, options.commit_seconds = times_only, commit_seconds
        self._core = core.Profiler(os.fspath(zoo), options, networks_of(zoo, networks))

    def __len__(self) -> int:
        """How many pictures there are."""
        return int(self._core.n_inputs)

    def measure(self, out: PathLike, *, shard: tuple[int, int] = (0, 1), progress: ProgressLike = True) -> ProfileSummary:
        """Makes or continues the profile of one shard."""
        show = resolve(progress, "profile")
        return ProfileSummary(**self._core.measure(os.fspath(out), *shard, show))


def profile(
    zoo: PathLike | Zoo,
    data: PathLike | Sequence[PathLike],
    out: PathLike,
    *,
    labels: PathLike | Sequence[PathLike] | None = None,
    labels_from: str = "",
    models: Sequence[str] = (),
    features: Sequence[str] = (),
    networks: Mapping[str, Network] | None = None,
    range: tuple[int, int] | None = None,
    shard: tuple[int, int] = (0, 1),
    threads: int | None = None,
    exhaustive: bool = False,
    times_only: bool = False,
    commit_seconds: float = 1.0,
    progress: ProgressLike = True,
) -> ProfileSummary:
    """Runs every model on every picture and records each answer and its time.

    A profile that was interrupted, by Ctrl-C or a crash, is continued by the same call.

    Parameters
    ----------
    zoo : path or Zoo
        The manifest, or a zoo of callables.
    data : path or sequence of paths
        Folders of pictures, or IDX files of the MNIST family.
    out : path
        The profile, which is made or continued.
    labels : path or sequence of paths, optional
        A CSV of files and labels; not given: sub-folders, or the IDX file beside the pictures.
    labels_from : str
        The model whose answers are taken for labels.
    models, features : sequence of str
        Some of the zoo's models, and of the features; none: all.
    networks : mapping of str to callable, optional
        Models that a callable runs, see `Classifier`.
    range : (int, int), optional
        Half-open part of the inputs.
    shard : (int, int)
        (i, n): every n-th input from i on. `merge` joins the shards.
    threads : int, optional
        Of each model, in place of what the manifest says.
    exhaustive : bool
        Whether each run is repeated until its mean time is known to 5 %.
    times_only : bool
        Whether labels and answers are left out.
    commit_seconds : float
        At most so much work is lost when the process is killed.

    Returns
    -------
    ProfileSummary
    """
    profiler = Profiler(
        zoo,
        data,
        labels=labels,
        labels_from=labels_from,
        models=models,
        features=features,
        networks=networks,
        range=range,
        threads=threads,
        exhaustive=exhaustive,
        times_only=times_only,
        commit_seconds=commit_seconds,
    )
    return profiler.measure(out, shard=shard, progress=progress)


def merge(profiles: Sequence[PathLike], out: PathLike, *, machines_apart: bool = False) -> int:
    """Joins shards, or profiles of other inputs by the same models, into a new file; gives its number of inputs.

    Raises ProfileError for profiles of different machines, whose times have no common mean, unless `machines_apart` says
    that each input's times stay those of where it was measured.
    """
    return int(core.merge_profiles(_paths(profiles), os.fspath(out), machines_apart))


def _paths(paths: PathLike | Sequence[PathLike]) -> list[str]:
    if isinstance(paths, (str, os.PathLike)):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]
