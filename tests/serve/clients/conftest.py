"""A running `triage serve`, and pictures: what the tests of clients share."""

from __future__ import annotations

import gzip
import os
import pathlib
import re
import signal
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

SOURCE = pathlib.Path(__file__).parents[3]
TRIAGE = pathlib.Path(os.environ.get("TRIAGE_BINARY", SOURCE / "build/release/triage"))
ZOO = SOURCE / "zoo/fashion/zoo.json"
FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
IMAGES = FOLDER / "t10k-images-idx3-ubyte.gz"
LABELS = FOLDER / "t10k-labels-idx1-ubyte.gz"
MODEL = "fashion"


class Served:
    """A server of its own process; `log` is the file of its access log."""

    def __init__(self, policy: pathlib.Path, folder: pathlib.Path, *options: str, log: str | None = None) -> None:
        self.log = pathlib.Path(log) if log else folder / "access.jsonl"
        self._said = folder / "said.txt"
        command = [TRIAGE, "serve", "--policy", policy, "--zoo", ZOO, "--name", MODEL, "--log", self.log]
        if "--port" not in options:
            options = ("--port", "0", *options)
        with self._said.open("w") as said:
            self.process = subprocess.Popen([*map(str, command), *options], stderr=said, stdout=subprocess.DEVNULL)
        while not (port := re.search(r"at https?://[^ ]*:(\d+)", self.said())):
            if self.process.poll() is not None:
                raise RuntimeError(f"triage serve has ended: {self.said()}")
        self.port = int(port[1])

    def said(self) -> str:
        return self._said.read_text()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(by)
        return self.process.wait(60)


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """(n, 28, 28, 1) uint8."""
    if not IMAGES.exists():
        pytest.skip(f"{IMAGES} is not there; scripts/packages.txt names its package")
    return np.frombuffer(gzip.decompress(IMAGES.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28, 1)


@pytest.fixture(scope="session")
def labels(images: np.ndarray) -> np.ndarray:
    return np.frombuffer(gzip.decompress(LABELS.read_bytes()), np.uint8, offset=8)


@pytest.fixture(scope="session")
def policy(images: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A premodel of 300 pictures and two networks."""
    folder = tmp_path_factory.mktemp("policy")

    def run(*words: object) -> None:
        subprocess.run([str(word) for word in (TRIAGE, *words)], check=True, capture_output=True, text=True)

    profile = folder / "fashion.profile"
    run("profile", "--zoo", ZOO, "--data", IMAGES, "--range", "0:300", "--models", "linear,cnn_small", "--out", profile)
    run("train", profile, "--policy", "cascade", "--out", folder / "fashion.triage")
    return folder / "fashion.triage"


@pytest.fixture(scope="session")
def served(policy: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(policy, tmp_path_factory.mktemp("served"), "--max-body", "4")
    yield server
    assert server.end() == 0, server.said()
