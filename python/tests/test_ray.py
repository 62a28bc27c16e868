"""Profiling on a cluster of Ray: the table of one process, whoever dies meanwhile."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import triage
from triage import _remote_data, errors

ROOT = pathlib.Path(__file__).parents[2]
ZOO = ROOT / "zoo" / "fashion" / "zoo.json"
DATA = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
MODELS = ["linear", "cnn_small"]
N = 240

needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not here")


@pytest.fixture(scope="module")
def ray():
    module = pytest.importorskip("ray", reason="Ray is not installed: pip install 'triage-select[ray]'")
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("two workers with cores of their own need two cores")
    module.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield module
    module.shutdown()


def note_and_wait(folder, ms):
    """A network that takes its time, leaves the number of its process in a folder, and answers by the pixels alone."""

    def network(batch):
        import os
        import time

        import numpy as np

        with open(os.path.join(folder, str(os.getpid())), "a") as file:
            file.write(".")
        time.sleep(ms / 1e3)
        sums = np.abs(batch.reshape(len(batch), -1)).sum(axis=1)
        return np.stack([np.cos(sums * (k + 1)) for k in range(10)], axis=1)

    return network


def measured(path):
    table = triage.Table.load(path)
    return [table.ids, table.models, table.labels, table.answers(), table.confidences(), table.features]


def same(a, b):
    return all(np.array_equal(x, y) if isinstance(x, list) else np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b))


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    """What a single process measures, with the engine alone and with a callable for one model."""
    folder = tmp_path_factory.mktemp("one")
    plain, own = folder / "plain.profile", folder / "own.profile"
    triage.profile(ZOO, DATA, plain, models=MODELS, range=(0, N), threads=1, progress=False)
    networks = {"linear": note_and_wait(str(folder), 0)}
    triage.profile(ZOO, DATA, own, models=MODELS, range=(0, N), threads=1, networks=networks, progress=False)
    return {"plain": measured(plain), "own": measured(own)}


@needs_data
def test_two_workers_make_the_table_of_one_process(ray, one_process, tmp_path):
    import triage.ray

    out, shown = tmp_path / "out.profile", []
    found = triage.ray.profile(
        ZOO, f"file://{DATA}", out, models=MODELS, range=(0, N), workers=2, progress=lambda *state: shown.append(state)
    )
    assert same(measured(out), one_process["plain"])
    assert found.inputs == N and found.shards == 32 and found.lost == 0 and found.failed == 0
    cores = [core for worker in found.workers for core in worker["cores"]]
    assert len(cores) == len(set(cores)) == 2
    assert 0 < found.network_share <= 1
    assert shown[-1][:2] == (N, N)
    assert not out.with_name("out.profile.shards").exists()


@needs_data
def test_workers_run_on_cores_and_threads_of_their_own(ray, tmp_path):
    import triage.ray

    def network(batch):
        import os
        import pathlib

        import numpy as np

        tasks = [os.sched_getaffinity(int(task)) for task in os.listdir("/proc/self/task")]
        assert all(len(cores) == 1 for cores in tasks), tasks
        pathlib.Path(tmp_path, f"core-{min(tasks[0])}-{os.getpid()}").touch()
        return np.ones((len(batch), 10))

    out, networks = tmp_path / "x.profile", {"linear": network}
    triage.ray.profile(ZOO, DATA, out, models=MODELS, range=(0, 64), networks=networks, progress=False)
    seen = [path.name.split("-")[1:] for path in tmp_path.glob("core-*")]
    assert len({core for core, _ in seen}) == len({pid for _, pid in seen}) == len(seen) == 2


@needs_data
def test_a_killed_worker_costs_a_commit_interval(ray, one_process, tmp_path):
    import triage.ray

    pids = tmp_path / "pids"
    pids.mkdir()
    killed = []

    def kill_one(done, total, what):
        """Once both have run a network 60 times, 10 ms each, and have committed therefore."""
        runs = {int(path.name): path.stat().st_size for path in pids.iterdir()}
        if not killed and len(runs) == 2 and min(runs.values()) >= 60:
            killed.append(min(runs))
            os.kill(killed[0], signal.SIGKILL)

    out = tmp_path / "out.profile"
    found = triage.ray.profile(
        ZOO,
        DATA,
        out,
        models=MODELS,
        range=(0, N),
        shards=2,
        commit_seconds=0.05,
        networks={"linear": note_and_wait(str(pids), 10)},
        progress=kill_one,
    )
    assert killed and found.lost == 1
    assert found.resumed > 0  # the shard was gone on with, not begun anew
    assert same(measured(out), one_process["own"])
    # Each input runs a network twice, and each worker once more for each shard; and what was not committed.
    runs = sum(path.stat().st_size for path in pids.iterdir())
    assert runs < 2 * N + 100


DRIVER = """
import sys
sys.path.insert(0, {tests!r})
import ray, triage.ray, test_ray
ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
network = test_ray.note_and_wait({pids!r}, 5)
triage.ray.profile({zoo!r}, {data!r}, {out!r}, models=test_ray.MODELS, range=(0, test_ray.N), shards=12, progress=False,
                   networks={{"linear": network}}, commit_seconds=0.05)
"""


@needs_data
def test_a_killed_driver_is_gone_on_with(ray, one_process, tmp_path):
    import triage.ray

    pids, out = tmp_path / "pids", tmp_path / "out.profile"
    pids.mkdir()
    script = DRIVER.format(tests=str(ROOT / "python" / "tests"), pids=str(pids), zoo=str(ZOO), data=str(DATA), out=str(out))
    driver = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT / "python")})
    folder = out.with_name("out.profile.shards")
    while driver.poll() is None and len(list(folder.glob("0*.json"))) < 3:
        time.sleep(0.02)
    assert driver.poll() is None, "the driver ended before it could be killed"
    driver.kill()
    driver.wait()
    assert not out.exists()
    with pytest.raises(errors.ProfileError, match="holds shards of models"):
        triage.ray.profile(ZOO, DATA, out, models=["linear"], range=(0, N), progress=False)
    networks = {"linear": note_and_wait(str(pids), 0)}
    found = triage.ray.profile(ZOO, DATA, out, models=MODELS, range=(0, N), networks=networks, progress=False)
    assert found.shards == 12 and found.kept_shards >= 3
    assert same(measured(out), one_process["own"])


@needs_data
def test_what_workers_raise_is_raised_here(ray, tmp_path):
    import triage.ray

    def broken(batch):
        raise RuntimeError("no more")

    with pytest.raises(errors.UsageError, match="'nobody' is not in"):
        triage.ray.profile(ZOO, DATA, tmp_path / "a.profile", models=["nobody"], range=(0, N), progress=False)
    with pytest.raises(errors.DataError, match="its callable failed: RuntimeError: no more"):
        triage.ray.profile(ZOO, DATA, tmp_path / "b.profile", range=(0, N), shards=2, networks={"linear": broken}, progress=False)
    with pytest.raises(errors.UsageError, match="room for 0 of 3 cores"):
        triage.ray.profile(ZOO, DATA, tmp_path / "c.profile", range=(0, N), threads=3, progress=False)
    with pytest.raises(errors.IoError):
        triage.ray.profile(ZOO, "/nowhere/pictures", tmp_path / "d.profile", progress=False)
    (tmp_path / "e.profile").touch()
    with pytest.raises(errors.UsageError, match="exists already"):
        triage.ray.profile(ZOO, DATA, tmp_path / "e.profile", progress=False)
    assert not any((tmp_path / f"{name}.profile").exists() for name in "abcd")


class Rows:
    """The part of ray.data.Dataset that is used."""

    def __init__(self, rows):
        self.rows = rows

    def iter_rows(self):
        return iter(self.rows)


@needs_data
def test_rows_are_written_as_pictures(ray, tmp_path):
    import triage.ray

    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 28, 28), dtype=np.uint8)
    rows = [{"id": f"p{i:02d}", "image": pixels[i], "label": i % 10} for i in range(40)]
    out = tmp_path / "out.profile"
    found = triage.ray.profile(ZOO, Rows(rows), out, models=MODELS, shards=2, progress=False)
    table = triage.Table.load(out)
    assert found.inputs == 40 and found.failed == 0
    assert table.ids == [f"p{i:02d}.ppm" for i in range(40)]
    assert table.labels.tolist() == [i % 10 for i in range(40)]


def test_rows_that_are_no_pictures(tmp_path):
    with pytest.raises(errors.DataError, match=r"row 0 .* float32 and shape \(2, 2\), expected uint8"):
        _remote_data.write_rows(Rows([{"image": np.zeros((2, 2), np.float32)}]), tmp_path / "a")
    with pytest.raises(errors.DataError, match="expected 'image' or 'bytes'"):
        _remote_data.write_rows(Rows([{"picture": 1}]), tmp_path / "b")
    with pytest.raises(errors.DataError, match="two rows have the id 'x.jpg'"):
        _remote_data.write_rows(Rows([{"bytes": b"1", "id": "x"}, {"bytes": b"2", "id": "x"}]), tmp_path / "c")
    pictures, labels = _remote_data.write_rows(Rows([{"bytes": b"1", "path": "a/b.png"}]), tmp_path / "d")
    assert os.listdir(pictures) == ["a_b.png"] and labels is None


def test_uris_are_fetched_once(tmp_path, monkeypatch):
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    monkeypatch.setattr(_remote_data, "cache_folder", lambda: tmp_path / "cache")
    source = tmp_path / "source"
    (source / "a").mkdir(parents=True)
    (source / "a" / "x.png").write_bytes(b"1")
    copy = pathlib.Path(_remote_data.local_copy(f"file://{source}"))
    assert [str(path.relative_to(copy)) for path in sorted(copy.rglob("*"))] == ["a", "a/x.png"]
    (source / "a" / "x.png").write_bytes(b"2")
    assert _remote_data.local_copy(f"file://{source}") == str(copy)
    assert (copy / "a" / "x.png").read_bytes() == b"1"
    file = _remote_data.local_copy(f"file://{source}/a/x.png")
    assert pathlib.Path(file).read_bytes() == b"2"
    with pytest.raises(errors.IoError, match="cannot be fetched"):
        _remote_data.local_copy(f"file://{tmp_path}/nothing")
    with pytest.raises(errors.IoError, match="cannot be opened"):
        _remote_data.local_copy("no-such-protocol://x/y")


def test_kinds_of_machines_are_not_mixed():
    from triage._shards import check_machines

    one, other = "CPU A, 2 cores, 8.0 GiB, Linux 6", "CPU B, 2 cores, 8.0 GiB, Linux 6"
    check_machines([one, one.replace("Linux 6", "Linux 7")], machines_apart=False)
    check_machines([one, other], machines_apart=True)
    with pytest.raises(errors.ProfileError, match="expected one kind of machine"):
        check_machines([one, other], machines_apart=False)
