"""The default zoo, pictures of Fashion-MNIST, and what was measured and learned of them once for all tests of a process."""

from __future__ import annotations

import functools
import gzip
import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import triage

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT / "zoo" / "fashion" / "zoo.json"
FOLDER = Path("/usr/share/datasets/fashion-mnist")
IMAGES = FOLDER / "t10k-images-idx3-ubyte.gz"
MODELS = ("linear", "mlp", "cnn_small", "residual_small")
N_PROFILED = 400


def need_pictures() -> None:
    """Skips the test where there is no Fashion-MNIST."""
    if not IMAGES.exists():
        pytest.skip(f"no {IMAGES}")


@functools.cache
def pictures() -> npt.NDArray[np.uint8]:
    """Of shape (10000, 28, 28)."""
    return np.frombuffer(gzip.decompress(IMAGES.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28)


@functools.cache
def labels() -> npt.NDArray[np.uint8]:
    """Of shape (10000,)."""
    file = FOLDER / "t10k-labels-idx1-ubyte.gz"
    return np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=8)


@functools.cache
def profiled() -> triage.Table:
    """The first pictures by four of the zoo's models."""
    folder = Path(tempfile.mkdtemp(prefix="triage-test-"))
    try:
        triage.profile(ZOO, IMAGES, folder / "it.profile", models=MODELS, range=(0, N_PROFILED), progress=False)
        return triage.Table.load(folder / "it.profile")
    finally:
        shutil.rmtree(folder)


@functools.cache
def cascade_policy() -> triage.Policy:
    """Looks at `linear` first and goes on where it is unsure, whatever the machine's times are."""
    return triage.train(profiled(), "cascade", progress=False)
