"""What the tests share: the default zoo, pictures of the demo's data set, policies trained on some of them."""

from __future__ import annotations

import gzip
import pathlib

import numpy as np
import pytest

import triage

SOURCE = pathlib.Path(__file__).parents[2]
ZOO = SOURCE / "zoo/fashion/zoo.json"
IMAGES = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """(n, 28, 28) uint8."""
    if not IMAGES.exists():
        pytest.skip(f"{IMAGES} is not there; scripts/packages.txt names its package")
    with gzip.open(IMAGES) as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)


@pytest.fixture(scope="session")
def profile(images: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Of 600 pictures by three networks."""
    out = tmp_path_factory.mktemp("profile") / "fashion.profile"
    triage.profile(ZOO, IMAGES, out, models=MODELS, range=(0, 600), progress=False)
    return out


MODELS = ["linear", "cnn_small", "cnn_medium"]


@pytest.fixture(scope="session")
def table(profile: pathlib.Path) -> triage.Table:
    return triage.Table.load(profile)


@pytest.fixture(scope="session")
def policy(table: triage.Table) -> triage.Policy:
    return triage.train(table, "cascade", progress=False)
