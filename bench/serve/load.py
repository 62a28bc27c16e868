"""Load on `triage serve`: throughput beside MLServer, what the server adds to a classification, and what is left under overload.

    bench/serve/load.py [PART...] [--policy P] [--zoo Z] [--mlserver VENV] [--seconds 5] [--rounds 5] [--json OUT]

Parts: throughput, overhead, overload; all where none is named. Needs wrk, NumPy and Pillow, and for MLServer a virtual environment with
mlserver and openvino (without one it is left out, and said to be). Servers run one at a time and take turns; figures are medians over the
rounds, with the smallest and largest, and ratios are ratios of medians. All of it stays on this machine. bench/README.md says more.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import io
import json
import os
import pathlib
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

SOURCE = pathlib.Path(__file__).resolve().parents[2]
IMAGES = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
HEADER = "Inference-Header-Content-Length"


def median(values: list[float]) -> str:
    return f"{np.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def pictures(n: int) -> np.ndarray:
    """(n, 28, 28, 1) uint8."""
    return np.frombuffer(gzip.decompress(IMAGES.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28, 1)[:n]


def binary_body(data: bytes, shape: list[int], datatype: str, outputs: list[str], **parameters: Any) -> tuple[bytes, int]:
    """A request whose tensor follows the JSON, and how long the JSON is."""
    entry = {"name": "image", "shape": shape, "datatype": datatype, "parameters": {"binary_data_size": len(data)}}
    asked = [{"name": name, "parameters": {"binary_data": True}} for name in outputs]
    head = json.dumps({"inputs": [entry], "outputs": asked, "parameters": parameters}).encode()
    return head + data, len(head)


def pixel_bodies(n: int = 256) -> list[tuple[bytes, int]]:
    return [binary_body(each.tobytes(), [1, 28, 28, 1], "UINT8", ["class"]) for each in pictures(n)]


def json_bodies(n: int = 256) -> list[tuple[bytes, int]]:
    """For servers without the binary extension."""
    entry = {"name": "image", "shape": [1, 28, 28, 1], "datatype": "UINT8"}
    asked = [{"name": "class"}]
    made = ({"inputs": [entry | {"data": each.ravel().tolist()}], "outputs": asked} for each in pictures(n))
    return [(json.dumps(each).encode(), 0) for each in made]


def photo_bodies(side: int, cap_ms: float, n: int = 32) -> list[tuple[bytes, int]]:
    """Pictures enlarged to what a camera sends, as JPEG: to decode one takes far longer than to refuse it."""
    bodies = []
    for each in pictures(n):
        out = io.BytesIO()
        Image.fromarray(each[:, :, 0]).resize((side, side), Image.Resampling.BICUBIC).convert("RGB").save(out, "JPEG", quality=85)
        data = len(out.getvalue()).to_bytes(4, "little") + out.getvalue()
        bodies.append(binary_body(data, [1], "BYTES", ["class"], **({"max_latency_ms": cap_ms} if cap_ms else {})))
    return bodies


def wrk(port: int, model: str, bodies: list[tuple[bytes, int]], connections: int, seconds: int) -> dict[str, float]:
    """Counts of answers, and the latencies of all of them."""
    with tempfile.NamedTemporaryFile() as file:
        for body, head in bodies:
            file.write(b"%d %d\n" % (len(body), head) + body)
        file.flush()
        url = f"http://127.0.0.1:{port}/v2/models/{model}/infer"
        command = ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
        command += ["-s", str(SOURCE / "bench/serve/requests.lua"), url, "--", file.name]
        ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {ended.stderr or ended.stdout}")
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    found["rate"] = found["good"] / found["seconds"]
    return found


@contextlib.contextmanager
def running(command: list[str], port: int | None, model: str, folder: pathlib.Path, **environment: str) -> Iterator[int]:
    """A server that answers for `model`, until the block ends; gives its port."""
    said = folder / "said.txt"
    with said.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=folder, env={**os.environ, **environment},
                                   start_new_session=True)  # fmt: skip
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} has ended:\n{said.read_text()[-2000:]}")
            at = port or int((re.findall(r"at http://[^ ]*:(\d+)", said.read_text()) or [0])[0])
            with contextlib.suppress(OSError, http.client.HTTPException):
                probe = http.client.HTTPConnection("127.0.0.1", at, timeout=2)
                probe.request("GET", f"/v2/models/{model}/ready")
                if at and probe.getresponse().status == 200:
                    break
            time.sleep(0.1)
        yield at
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:  # MLServer with workers does not end by itself
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_ports(n: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def logged(log: pathlib.Path) -> list[dict[str, Any]]:
    """The requests of an access log, once the server is done with them."""
    size = -1
    while size != (size := log.stat().st_size):
        time.sleep(0.5)
    return [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "infer"]


class Bench:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.given = arguments
        self.zoo = pathlib.Path(arguments.zoo).resolve()
        self.rows: list[dict[str, Any]] = []

    def say(self, part: str, what: str, figure: str) -> None:
        self.rows.append({"part": part, "what": what, "figure": figure})
        print(f"{part:12}{what:72} {figure}", flush=True)

    @contextlib.contextmanager
    def triage(self, *options: str, logs: bool = False) -> Iterator[tuple[int, pathlib.Path]]:
        """Gives its port, and the file of its log."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            command = [str(pathlib.Path(self.given.binary).resolve()), "serve", "--policy", str(pathlib.Path(self.given.policy).resolve())]
            command += ["--zoo", str(self.zoo), "--name", "policy", "--port", "0", *options]
            log = folder / "log.jsonl"
            with running([*command, *(["--log", str(log)] if logs else [])], None, "policy", folder) as port:
                yield port, log

    @contextlib.contextmanager
    def mlserver(self, workers: int, batch: int) -> Iterator[int]:
        """With the best single network of the zoo."""
        spec = next(each for each in json.loads(self.zoo.read_text())["models"] if each["name"] == self.given.best)
        with tempfile.TemporaryDirectory() as name:
            port, grpc_port, metrics_port = free_ports(3)
            folder = pathlib.Path(name)
            extra = {"network": str(self.zoo.parent / spec["files"][0]["path"]), "mean": spec["input"]["mean"], "scale": spec["input"]["scale"]}
            settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": grpc_port, "metrics_port": metrics_port, "parallel_workers": workers,
                        "debug": False, "use_structured_logging": False}  # fmt: skip
            model = {"name": "best", "implementation": "mlserver_runtime.OpenVinoNetwork", "parameters": {"version": "1", "extra": extra},
                     "max_batch_size": batch, "max_batch_time": 0.002 if batch else 0}  # fmt: skip
            (folder / "settings.json").write_text(json.dumps(settings))
            (folder / "model-settings.json").write_text(json.dumps(model))
            command = [str(pathlib.Path(self.given.mlserver).resolve() / "bin/mlserver"), "start", "."]
            with running(command, port, "best", folder, PYTHONPATH=str(SOURCE / "bench/serve")) as at:
                yield at

    # ---- parts ----

    def throughput(self) -> None:
        """Requests a second and latencies at each number of connections."""
        seconds, best = self.given.seconds, self.given.best
        rivals: dict[str, Any] = {"triage, policy": None, f"triage, {best}": None}
        if self.given.mlserver:
            rivals |= {f"MLServer, {best}, workers {w}, batch {b}": (w, b) for w, b in ((0, 0), (2, 0), (0, 16))}
        else:
            self.say("throughput", "MLServer", "left out: no --mlserver")
        pixels, plain = pixel_bodies(), json_bodies()
        rates: dict[tuple[str, int, str], list[float]] = {}
        for _ in range(self.given.rounds):
            for name, settings in rivals.items():
                with contextlib.ExitStack() as stack:
                    if settings is None:
                        port, _ = stack.enter_context(self.triage())
                        runs = [("policy" if "policy" in name else best, form) for form in ("binary", "json")]
                    else:
                        port = stack.enter_context(self.mlserver(*settings))
                        runs = [("best", "json")]
                    for model, form in runs:
                        bodies = pixels if form == "binary" else plain
                        wrk(port, model, bodies, 8, 1)  # warm
                        for connections in (1, 8, 64):
                            found = wrk(port, model, bodies, connections, seconds)
                            assert found["good"] and not found["busy"] + found["other"] + found["lost"], f"{name}: {found}"
                            for key in ("rate", "p50_ms", "p99_ms"):
                                rates.setdefault((f"{name}, {form}", connections, key), []).append(found[key])
        for (name, connections, key), values in rates.items():
            self.say("throughput", f"{name}, {connections} connections, {key}", median(values))
        for connections in (1, 8, 64):
            peers = {name: np.median(rates[name, connections, "rate"]) for name, n, key in rates if n == connections and key == "rate"}
            ours = peers["triage, policy, json"]
            for name, rate in peers.items():
                if name != "triage, policy, json":
                    self.say("throughput", f"policy by JSON / {name}, {connections} connections", f"{ours / rate:.3g}")

    def overhead(self) -> None:
        """One client, one request at a time: what the client waits beyond the time inside the classifier, request by request."""
        extra: dict[str, list[float]] = {"p50": [], "p99": []}
        for _ in range(self.given.rounds):
            with self.triage(logs=True) as (port, log):
                waits = self.unary(port, 3_000)
                lines = logged(log)
            spent = [sum(span["duration_ms"] for span in line["inputs"][0]["spans"]) for line in lines]
            added = (np.array(waits) - np.array(spent))[500:]
            for name, share in (("p50", 50), ("p99", 99)):
                extra[name].append(float(np.percentile(added, share)))
        for name, values in extra.items():
            self.say("overhead", f"HTTP over classification, binary, {name}, ms", median(values))

    @staticmethod
    def unary(port: int, n: int) -> list[float]:
        """Milliseconds of each, on one connection; the client itself does as little as can be done."""
        bodies = [
            b"POST /v2/models/policy/infer HTTP/1.1\r\nHost: h\r\n%s: %d\r\nContent-Length: %d\r\n\r\n%s"
            % (HEADER.encode(), head, len(body), body)
            for body, head in pixel_bodies()
        ]
        waits = []
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(n):
                begin = time.perf_counter_ns()
                connection.sendall(bodies[i % len(bodies)])
                said = connection.recv(65536)  # it comes at once: smaller than a packet of the loopback
                waits.append((time.perf_counter_ns() - begin) * 1e-6)
                assert said.startswith(b"HTTP/1.1 200"), said[:200]
        return waits

    def overload(self) -> None:
        """Photographs with a cap: answers a second, and how many of those taken kept their time, at the peak and far above it."""
        seconds, cap = self.given.seconds, self.given.cap_ms
        rows: dict[str, list[float]] = {}
        for _ in range(self.given.rounds):
            with self.triage() as (port, _):
                peak = wrk(port, "policy", photo_bodies(1_000, 0), 4, seconds)["rate"]
            for options in ((), ("--shed-by-price", f"{cap / 4:g}")):
                with self.triage(*options, logs=True) as (port, log):
                    wrk(port, "policy", photo_bodies(1_000, cap), 4, 1)
                    found = wrk(port, "policy", photo_bodies(1_000, cap), self.given.overload_connections, seconds)
                    lines = logged(log)
                taken = [line for line in lines if not ("error" in line and "would wait" in line["error"])]
                late = [line for line in taken if line["status"] != 200 or line["ms"] > cap]
                name = " ".join(options) or "as it is"
                figures = {
                    "offered / peak": (found["good"] + found["busy"]) / found["seconds"] / peak,
                    "goodput / peak": found["rate"] / peak,
                    "of those taken, in time": 1 - len(late) / len(taken),
                    "p99 of those taken, ms": float(np.percentile([line["ms"] for line in taken], 99)),
                    "marked as shed": float(np.mean([line.get("shed", False) for line in taken])),
                    "lost": found["lost"] + found["other"],
                }
                for key, value in figures.items():
                    rows.setdefault(f"{name}: {key}", []).append(value)
            rows.setdefault("peak, answers a second", []).append(peak)
        for name, values in rows.items():
            self.say("overload", f"{name}", median(values))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="throughput, overhead, overload")
    parser.add_argument("--binary", default=SOURCE / "build/release/triage")
    parser.add_argument("--policy", default=SOURCE / "out/demo/adaptive.triage")
    parser.add_argument("--zoo", default=SOURCE / "zoo/fashion/zoo.json")
    parser.add_argument("--best", default="residual_large", help="the network that the others serve")
    parser.add_argument("--mlserver", help="virtual environment with mlserver and openvino")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cap-ms", type=float, default=100, help="max_latency_ms under overload")
    parser.add_argument("--overload-connections", type=int, default=256)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    bench = Bench(arguments)
    parts = arguments.parts or ["throughput", "overhead", "overload"]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {arguments.rounds} rounds of {arguments.seconds} s")
    for part in parts:
        getattr(bench, part)()
    if arguments.json:
        arguments.json.write_text(json.dumps(bench.rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
