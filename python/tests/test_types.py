"""The package's types hold, and those of programs that use it."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from conftest import SOURCE


def mypy(*paths: pathlib.Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "/dev/null", *map(str, paths)]
    return subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=False)


def test_the_package_and_the_examples() -> None:
    done = mypy(SOURCE / "python/triage", *sorted((SOURCE / "examples").glob("*.py")))
    assert done.returncode == 0, done.stdout


def test_a_program_with_wrong_types_is_found(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import triage\ntriage.Policy.load(3)\ntriage.Table.load('a').scores() + 'x'\n")
    done = mypy(program)
    assert done.returncode == 1 and "arg-type" in done.stdout and "program.py:3" in done.stdout, done.stdout
