"""Malformed requests, byte by byte: valid ones mutated, and forms that are known to break servers.

    python byte_fuzz.py PORT [--cases 10000] [--seed 1]

Each case is a connection of its own. A server may answer whatever status below 500, or 503, or end the connection; it has to go on
living, and each response has to be well formed. The same seed makes the same cases.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import socket
import sys
from collections import Counter
from collections.abc import Callable

PATHS = [b"/v2/models/fashion/infer", b"/v2/models/linear/infer", b"/classify", b"/choose", b"/v2/repository/index"]
NUMBERS = [b"-1", b"0", b"1", b"255", b"2147483648", b"9223372036854775807", b"18446744073709551616", b"1e999", b"-0", b"0x10",
           b"NaN", b"1" * 400, b"0.1" + b"0" * 400, b"", b"\xff", b"null", b"true", b"[]", b"{}", b'""']  # fmt: skip


def request(rng: random.Random, body: bytes, path: bytes = b"", fields: bytes = b"") -> bytes:
    path = path or rng.choice(PATHS)
    return b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n%s\r\n%s" % (path, len(body), fields, body)


def json_body(rng: random.Random) -> bytes:
    n = rng.choice([0, 1, 2, 5])
    shape = [n, 28, 28, 1] if rng.random() < 0.8 else [rng.choice([-1, 0, 2**31, 2**62]) for _ in range(rng.randrange(10))]
    entry = {"name": "image", "datatype": rng.choice(["UINT8", "FP32", "BYTES", "FP16", "BOOL", "INT64"]), "shape": shape}
    entry["data"] = rng.choice([[7] * 784 * n, ["x"] * n, [[1, [2, [3]]]], [True], [1e300], 3, None, {"a": [1]}])
    made = {"id": "f", "inputs": [entry] * rng.choice([1, 1, 1, 0, 2])}
    if rng.random() < 0.3:
        made["outputs"] = [{"name": rng.choice(["class", "why", "none"]), "parameters": {"classification": rng.choice([1, 0, 2**40])}}]
    if rng.random() < 0.3:
        values = [0, -1, 1e308, True, "x", None, [1], 2**63]
        made["parameters"] = {rng.choice(["price", "max_latency_ms", "min_confidence", "explain", "timeout"]): rng.choice(values)}
    return json.dumps(made).encode()


def binary(rng: random.Random) -> bytes:
    """A binary tensor that lies about a size."""
    data = rng.randbytes(rng.choice([0, 4, 784, 785, 1568]))
    says = rng.choice([len(data), len(data) + 1, len(data) - 1, 2**31, 2**63 - 1, -1, 0])
    shape = rng.choice([[1, 28, 28, 1], [len(data)], [0], [2**32, 2**32], [1, len(data), 1], [len(data), 1, 1, 1], []])
    head = json.dumps({"inputs": [{"name": "image", "datatype": rng.choice(["UINT8", "BYTES", "FP32", "FP16"]), "shape": shape,
                                   "parameters": {"binary_data_size": says}}]}).encode()  # fmt: skip
    length = rng.choice([b"%d" % len(head)] * 4 + [b"%d" % (len(head) + rng.randrange(-3, 4)), *NUMBERS[:8]])
    return request(rng, head + data, PATHS[rng.randrange(2)], b"Inference-Header-Content-Length: " + length + b"\r\n")


def mutated(rng: random.Random) -> bytes:
    """A valid request with some bytes changed, dropped, doubled or put in."""
    text = bytearray(binary(rng) if rng.random() < 0.3 else request(rng, json_body(rng)))
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        at = rng.randrange(len(text) + 1)
        how = rng.randrange(5)
        if how == 0 and at < len(text):
            text[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del text[at : at + rng.choice([1, 2, 10, 100])]
        elif how == 2:
            text[at:at] = text[at : at + rng.choice([1, 10, 200])]
        elif how == 3:
            text[at:at] = rng.choice([b"\r\n", b"\0", b"\xff\xfe", b'"', b"[", b"}", b":", b"\xed\xa0\x80", *NUMBERS])
        elif numbers := list(re.finditer(rb"\d+", text)):
            found = rng.choice(numbers)
            text[found.start() : found.end()] = rng.choice(NUMBERS)
    return bytes(text)


def truncated(rng: random.Random) -> bytes:
    text = request(rng, json_body(rng))
    return text[: rng.randrange(len(text))]


def deep(rng: random.Random) -> bytes:
    """JSON nested deep, closed or not."""
    n = rng.choice([33, 1_000, 100_000])
    opening, closing = rng.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"":[', b"]}]")])
    inner = opening * n + b"1" + closing * (n if rng.random() < 0.5 else 0)
    around = rng.choice([b"%s", b'{"inputs":%s}', b'{"parameters":{"x":%s},"inputs":[]}',
                         b'{"inputs":[{"name":"image","datatype":"UINT8","shape":[1],"data":[%s]}]}'])  # fmt: skip
    return request(rng, around.replace(b"%s", inner), PATHS[0])


def framing(rng: random.Random) -> bytes:
    """Where a message ends is said twice, or wrong."""
    lines = [b"Content-Length: 5", b"Content-Length: 7", b"Transfer-Encoding: chunked", b"Transfer-Encoding: xchunked",
             b"Transfer-Encoding:\tchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: gzip, chunked", b"Host: other",
             b"Expect: 100-continue", b"Connection: Transfer-Encoding", b" folded: line", b"X: \0", b"Content-Length: 5, 5"]  # fmt: skip
    fields = b"\r\n".join(rng.sample(lines, rng.choice([1, 2, 3])))
    sizes = rng.choice([b"5", b"5;ext=1", b"5;" + b"x" * 5_000, b"5 ", b"-5", b"0x5", b"FFFFFFFFFFFFFFFF", b"FFFFFFFFFFFFFFFFFF"])
    end = rng.choice([b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n", b"0\r\n", b"", b"GET /v2 HTTP/1.1\r\nHost: h\r\n\r\n"])
    version = rng.choice([b"1.1", b"1.1", b"1.0", b"2.0", b"1.11", b"0.9"])
    return b"POST %s HTTP/%s\r\nHost: h\r\n%s\r\n\r\n%s\r\n{\"a\"}\r\n%s" % (PATHS[0], version, fields, sizes, end)


def header(rng: random.Random) -> bytes:
    """Lines of a header that are long, many, or not text."""
    path = rng.choice([b"/" + b"a" * 20_000, b"/v2/models/%00%ff/../../etc/passwd", b"*", b"http://h/v2", b"/v2?" + b"&=" * 500,
                       b"/v2/models/" + rng.randbytes(20).replace(b"\n", b""), b"/classify?price=nan&min_confidence=1e999"])  # fmt: skip
    fields = rng.choice([b"", b"A: b\r\n" * 2_000, b"A: b\r\n" * 5_000, b"A: " + rng.randbytes(30) + b"\r\n", b":\r\n", b"A\r\n",
                         b"X-Request-Id: " + rng.randbytes(9) + b"\r\n", b"traceparent: " + b"\xff" * 99 + b"\r\n"])  # fmt: skip
    method = rng.choice([b"GET", b"POST", b"HEAD", b"PUT", b"TRACE", b"G\0T", b"", b"get", b"A" * 5_000])
    return b"%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n" % (method, path, fields)


def picture(rng: random.Random) -> bytes:
    """Bytes that begin as a picture."""
    begin = rng.choice([b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0\0\x10JFIF", b"RIFF\xff\xff\xff\xffWEBPVP8L", b"GIF89a", b"BM",
                        b"\0\0\0\x1cftypavif", b"II*\0"])  # fmt: skip
    fields = rng.choice([b"", b"Content-Type: multipart/form-data; boundary=\r\n", b"Accept: text/html\r\n", b"Content-Encoding: br\r\n",
                         b"Content-Type: multipart/form-data; boundary=" + begin[:2].hex().encode() + b"\r\n"])  # fmt: skip
    return request(rng, begin + rng.randbytes(rng.choice([0, 5, 60, 3_000])), b"/classify", fields)


KINDS: list[Callable[[random.Random], bytes]] = [mutated, mutated, truncated, binary, binary, deep, framing, header, picture]


def exchange(port: int, sent: bytes, patience_s: float = 20) -> bytes:
    """All that the server says to it. Nothing follows what is sent, and that is said, so that it need not wait for more."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience_s) as connection:
        said = b""
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while block := connection.recv(65536):
                said += block
        except (ConnectionResetError, BrokenPipeError):
            pass
        return said


def problem_of(sent: bytes, said: bytes) -> str:
    """What is wrong with the responses; empty: nothing."""
    is_head = sent.startswith(b"HEAD")
    while said:
        found = re.match(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[!-9;-~]+: [^\r\n]*\r\n)*)\r\n", said)
        if not found:
            return f"no response: {said[:80]!r}"
        status, fields = int(found[1]), found[2]
        if is_head and status in (400, 431):
            return ""  # what is no request has no method, and so gets a body
        if status >= 500 and status != 503:
            return f"status {status}: {said[found.end() :][:200]!r}"
        length = re.search(rb"Content-Length: (\d+)", fields)
        size = 0 if is_head or status == 100 else int(length[1]) if length else -1
        body = said[found.end() : found.end() + size]
        if size < 0 or len(body) != size:
            return f"a body of {len(body)} bytes, expected {size}"
        if status >= 400 and not is_head and b"text/html" not in fields:
            try:
                assert isinstance(json.loads(body)["error"], str)
            except (ValueError, KeyError, AssertionError):
                return f"status {status} without the error object: {body[:80]!r}"
        said = said[found.end() + size :]
    return ""


def run(port: int, cases: int, seed: int) -> Counter[str]:
    """Counts of what came back. Raises AssertionError, with the case, for what must not."""
    seen: Counter[str] = Counter()
    for i in range(cases):
        rng = random.Random(f"{seed}/{i}")
        sent = rng.choice(KINDS)(rng)
        try:
            said = exchange(port, sent)
        except OSError as error:
            raise AssertionError(f"case {i} of seed {seed}: {error!r}, sent {sent[:300]!r}") from error
        problem = problem_of(sent, said)
        assert not problem, f"case {i} of seed {seed}: {problem}; sent {sent[:300]!r}"
        seen[said[9:12].decode() or "closed"] += 1
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description="Sends malformed requests to a server on this machine.")
    parser.add_argument("port", type=int)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seen = run(arguments.port, arguments.cases, arguments.seed)
    print(", ".join(f"{n} {status}" for status, n in sorted(seen.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
