"""Loads the extension module, with the OpenVINO library of the wheel that is installed.

There is one copy of OpenVINO, and of the TBB that it brings, in the process, whoever loads it first: both are loaded from the
wheel's folder before the extension module asks for them by name. The package `openvino` itself is not imported.
"""

from __future__ import annotations

import ctypes
import importlib.util
import pathlib


def _load_openvino() -> None:
    spec = importlib.util.find_spec("openvino")
    if spec is None or not spec.submodule_search_locations:
        return
    libraries = pathlib.Path(spec.submodule_search_locations[0]) / "libs"
    for pattern in ("libtbb.so.*", "libopenvino.so.*"):
        for library in sorted(libraries.glob(pattern)):
            ctypes.CDLL(str(library))


_load_openvino()

import triage._core as core  # noqa: E402

__all__ = ["core"]
