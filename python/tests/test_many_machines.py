"""The scripts of docs/many-machines.md, with processes in place of machines."""

import os
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

import triage

ROOT = pathlib.Path(__file__).parents[2]
ZOO = ROOT / "zoo" / "fashion" / "zoo.json"
DATA = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
PROGRAM = ROOT / "build" / "release" / "triage"
N = 40

pytestmark = [
    pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not here"),
    pytest.mark.skipif(not PROGRAM.exists(), reason="the program is not built: cmake --build --preset release"),
    pytest.mark.skipif(shutil.which("taskset") is None, reason="taskset is not installed"),
]


def script(heading):
    """The first sh block below a heading."""
    text = (ROOT / "docs" / "many-machines.md").read_text()
    below = text[text.index(f"\n## {heading}\n") :]
    return re.search(r"```sh\n(.*?)```", below, re.DOTALL).group(1)


def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


@pytest.fixture
def environment(tmp_path):
    """The program, and machines that are this one, first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "triage").symlink_to(PROGRAM)
    program(folder / "ssh", 'echo "$1" >> "$MACHINES"\nshift\nexec sh -c "$*"\n')
    program(folder / "scp", 'cp ${2#*:} "$3"\n')
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "MACHINES": str(tmp_path / "machines")}


def here(text, folder):
    for there, mine in (
        ("/zoo/zoo.json", f"@{ZOO}"),
        ("/pictures", f"@{DATA} --range 0:{N}"),
    ):
        text = re.sub(rf"/(?:shared|data){there}", mine[1:], text)
    return text.replace("/shared/", f"{folder}/").replace("/data/", f"{folder}/")


def expect_table_of_one_process(profile, folder):
    triage.profile(ZOO, DATA, folder / "one.profile", range=(0, N), threads=1, progress=False)
    one, many = triage.Table.load(folder / "one.profile"), triage.Table.load(profile)
    assert many.ids == one.ids and many.models == one.models
    assert np.array_equal(many.labels, one.labels) and np.array_equal(many.answers(), one.answers())
    assert np.array_equal(many.confidences(), one.confidences()) and np.array_equal(many.features, one.features)


def test_slurm(tmp_path, environment):
    text = here(script("Slurm"), tmp_path)
    for i in range(3):
        task = {"SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_ID": str(i), "SLURM_CPUS_PER_TASK": "1"}
        subprocess.run(["sh", "-c", text], env={**environment, **task}, check=True, capture_output=True)
    shards = sorted((tmp_path / "zoo.shards").glob("*.profile"))
    assert len(shards) == 3
    triage.merge(shards, tmp_path / "zoo.profile")
    expect_table_of_one_process(tmp_path / "zoo.profile", tmp_path)


def test_ssh(tmp_path, environment):
    if not {0, 1} <= os.sched_getaffinity(0):
        pytest.skip("the script pins processes to the first two cores, which are not all ours")
    text = here(script("ssh"), tmp_path).replace("each=4", "each=2")
    collected = tmp_path / "collected"
    collected.mkdir()
    (collected / "hosts").write_text("a\nb\n")
    subprocess.run(["sh", "-ec", text], cwd=collected, env=environment, check=True, capture_output=True)
    assert sorted((tmp_path / "machines").read_text().split()) == ["a", "a", "b", "b"]
    assert len(list(collected.glob("*.profile"))) == 4
    expect_table_of_one_process(tmp_path / "zoo.profile", tmp_path)
