"""Hostile clients and bad luck: the server lives on, keeps its memory, and loses nothing that it has taken."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable

import byte_fuzz
import conformance
import pytest
from conftest import MODEL, Served

PATH = f"/v2/models/{MODEL}/infer"
PIXELS = bytes(range(256)) * 3 + bytes(16)
CASES = int(os.environ.get("TRIAGE_FUZZ_CASES", "400"))


def binary_request(shape: list[int], datatype: str, data: bytes, **members: object) -> tuple[bytes, dict[str, str]]:
    entry = {"name": "image", "shape": shape, "datatype": datatype, "parameters": {"binary_data_size": len(data)}}
    head = json.dumps({"inputs": [entry], **members}).encode()
    return head + data, {"Inference-Header-Content-Length": str(len(head))}


def post(port: int, body: bytes, fields: dict[str, str] | None = None, path: str = PATH) -> tuple[int, bytes]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", path, body, fields or {})
        answer = connection.getresponse()
        return answer.status, answer.read()


def ask(port: int, **members: object) -> int:
    return post(port, *binary_request([1, 28, 28, 1], "UINT8", PIXELS, outputs=[{"name": "class"}], **members))[0]


def memory_mb(served: Served, name: str) -> int:
    status = pathlib.Path(f"/proc/{served.process.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1024  # type: ignore[index]


def test_malformed_requests(served: Served) -> None:
    seen = byte_fuzz.run(served.port, CASES, seed=1)
    assert seen["400"] > CASES / 3 and seen["200"] > 0, seen
    assert ask(served.port) == 200


# As large as the fixture's limit of a body lets them be.
HEAVY: dict[str, Callable[[], tuple[bytes, dict[str, str]]]] = {
    "pixels": lambda: binary_request([3_900_000, 1, 1, 1], "UINT8", bytes(3_900_000)),
    "elements": lambda: binary_request([780_000], "BYTES", b"\1\0\0\0x" * 780_000),
    "outputs": lambda: binary_request([1, 28, 28, 1], "UINT8", PIXELS, outputs=[{"name": "probabilities"}] * 100_000),
    "deep": lambda: (b'{"inputs":[{"name":"a","shape":[1],"datatype":"UINT8","data":[' + b'{"":' * 900_000, {}),
    "lists": lambda: (b'{"inputs":[' + b"[]," * 1_300_000 + b"[]]}", {}),
    "unclosed": lambda: (b"[" * 3_900_000, {}),
}


@pytest.mark.parametrize("name", HEAVY)
def test_requests_take_no_more_memory_than_they_should(served: Served, name: str) -> None:
    body, fields = HEAVY[name]()
    pathlib.Path(f"/proc/{served.process.pid}/clear_refs").write_text("5")  # the peak begins anew
    before = memory_mb(served, "VmHWM")
    status, answer = post(served.port, body, fields)
    assert status in (400, 413) and len(answer) < 2_000
    assert memory_mb(served, "VmHWM") - before < 80


def bomb(side: int) -> bytes:
    """A picture of some kilobytes that is `side` by `side` pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side + 1)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_decompression_bomb(served: Served) -> None:
    status, answer = post(served.port, bomb(11_000), path="/classify")
    assert status == 413 and b"max_pixels" in answer


def test_messages_name_no_place_of_the_host(served: Served, policy: pathlib.Path) -> None:
    for path in ("/v2/../../etc/passwd", "/v2/models/%2e%2e%2f%00/infer", PATH, "/classify", "/choose", "/v2/repository/models/x/load"):
        for body in (b"", b"{", b"\x89PNG\r\n\x1a\n" + bytes(30), b"II*\0" + bytes(30), b"GIF89a" + bytes(9)):
            answer = post(served.port, body, path=path)[1].decode()
            assert str(policy.parent) not in answer and "/work" not in answer and ".onnx" not in answer and ".cpp" not in answer


def test_clients_that_vanish(served: Served) -> None:
    body, fields = binary_request([64, 28, 28, 1], "UINT8", PIXELS * 64)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    whole = f"POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body
    for i in range(60):
        connection = socket.create_connection(("127.0.0.1", served.port))
        connection.sendall(whole[: len(whole) // 2] if i % 3 == 0 else whole)
        if i % 3 == 1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        connection.close()
    while (status := ask(served.port)) == 503:  # the queue is full of what nobody waits for
        time.sleep(0.01)
    assert status == 200


def test_idle_and_busy_connections(served: Served) -> None:
    idle = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(300)]
    statuses: Counter[int] = Counter()

    def busy() -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
            for _ in range(10):
                connection.request("POST", PATH, *binary_request([1, 28, 28, 1], "UINT8", PIXELS))
                answer = connection.getresponse()
                answer.read()
                statuses[answer.status] += 1

    threads = [threading.Thread(target=busy) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert statuses == {200: 500}
    for each in idle:  # they still are connections
        each.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: h\r\n\r\n")
        assert each.recv(100).startswith(b"HTTP/1.1 200")
        each.close()


class Load:
    """Clients that ask without a pause, each request on a connection of its own or all on one; counts how each ended."""

    def __init__(self, port: int, keeps_alive: bool, clients: int = 6) -> None:
        self.port, self.keeps_alive = port, keeps_alive
        self.ends: Counter[str] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for each in self._threads:
            each.start()

    def _run(self) -> None:
        connection = None
        while not self._stop.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.connect() if connection.sock is None else None
            except OSError:
                self.ends["refused"] += 1
                connection = None
                time.sleep(0.01)
                continue
            try:
                connection.request("POST", PATH, *binary_request([1, 28, 28, 1], "UINT8", PIXELS))
                answer = connection.getresponse()
                answer.read()
                self.ends[str(answer.status)] += 1
                if not self.keeps_alive or answer.will_close:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                self.ends[f"lost: {type(error).__name__}"] += 1
                connection.close()

    def wait(self, n: int) -> None:
        while self.ends["200"] < n:
            time.sleep(0.001)

    def end(self) -> Counter[str]:
        self._stop.set()
        for each in self._threads:
            each.join()
        return self.ends


def test_hangup_under_load(policy: pathlib.Path, tmp_path: pathlib.Path) -> None:
    served = Served(policy, tmp_path)
    load = Load(served.port, keeps_alive=True)
    for i in range(3):
        load.wait(100 * (i + 1))
        served.log.rename(tmp_path / f"moved-{i}.jsonl")  # as log rotation does
        served.process.send_signal(signal.SIGHUP)
        while not served.log.exists():
            time.sleep(0.005)
    policy_before = policy.read_bytes()
    load.wait(400)
    ends = load.end()
    assert set(ends) == {"200"}, ends
    assert served.end() == 0
    assert policy.read_bytes() == policy_before
    lines = [json.loads(line) for file in tmp_path.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert sum(line["event"] == "infer" for line in lines) == ends["200"]  # none is lost, none is torn


@pytest.mark.parametrize("keeps_alive", [True, False])
def test_termination_under_load(policy: pathlib.Path, tmp_path: pathlib.Path, keeps_alive: bool) -> None:
    served = Served(policy, tmp_path)
    load = Load(served.port, keeps_alive)
    load.wait(200)
    assert served.end() == 0, served.said()
    ends = load.end()
    assert set(ends) <= {"200", "503", "refused"}, ends


def test_kill_and_start_on_the_same_port(policy: pathlib.Path, tmp_path: pathlib.Path) -> None:
    served = Served(policy, tmp_path)
    load = Load(served.port, keeps_alive=True)
    load.wait(50)
    assert served.end(signal.SIGKILL) == -signal.SIGKILL
    again = Served(policy, tmp_path, "--port", str(served.port))
    before = load.ends["200"]
    load.wait(before + 50)
    load.end()
    assert again.end() == 0


def test_full_disk_for_the_log(policy: pathlib.Path, tmp_path: pathlib.Path) -> None:
    served = Served(policy, tmp_path, log="/dev/full")
    assert [ask(served.port) for _ in range(20)] == [200] * 20
    subject = conformance.Subject(f"http://127.0.0.1:{served.port}", MODEL)
    while not re.search(rb"triage_log_lines_lost_total 2\d", subject.ask("GET", "/metrics").body):
        time.sleep(0.01)
    assert served.end() == 0


def test_tokens_stay_secret(policy: pathlib.Path, tmp_path: pathlib.Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("s3cr3t-token\n")
    served = Served(policy, tmp_path, "--token-file", str(tokens))
    given = {"Authorization": "Bearer s3cr3t-token"}
    body, fields = binary_request([1, 28, 28, 1], "UINT8", PIXELS)
    assert post(served.port, body, fields)[0] == 401
    status, answer = post(served.port, body, {**fields, **given})
    assert status == 200 and b"s3cr3t" not in answer
    for path in ("/none", "/v2/models/none/infer", "/classify"):
        assert b"s3cr3t" not in post(served.port, b"{", given, path)[1]
    assert served.end() == 0
    assert "s3cr3t" not in served.log.read_text() + served.said()
