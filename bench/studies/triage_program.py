"""Running the program `triage` from the studies, and what stands at the head of their tables."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
from importlib import metadata
from pathlib import Path

from threadpoolctl import threadpool_limits

PACKAGES = ("numpy", "scikit-learn", "xgboost", "asf", "pandas", "scipy")


def triage(program: Path, *words: object) -> str:
    """What it printed on standard output."""
    done = subprocess.run([str(program), *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"triage {' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def children_s() -> float:
    """Processor time of the programs that ran and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stay_on_one_core() -> None:
    threadpool_limits(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def machine() -> dict[str, str]:
    """Processor, system and versions."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines()
             if line.startswith("model name")] if info.exists() else []
    out = {"processor": names[0] if names else platform.processor(), "cores": str(os.cpu_count()),
           "system": platform.platform(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            out[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return out


def one_line(about: dict[str, str]) -> str:
    return "; ".join(f"{key} {value}" for key, value in about.items())
