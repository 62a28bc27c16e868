"""Checks a server of the Open Inference Protocol, version 2, over HTTP.

    python conformance.py URL MODEL

The checks are written after the public documents: the protocol itself (github.com/kserve/open-inference-protocol,
specification/protocol/inference_rest.md), and the extensions of Triton that other servers follow: binary tensor data,
classification, statistics, model repository, model configuration. Nothing is assumed of the model: inputs are made up from what
its metadata says, zeros of its datatype, or small pictures where it takes BYTES. Needs Python and NumPy alone.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import struct
import sys
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

DATATYPES = {
    "BOOL": "bool", "UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "UINT64": "u8", "INT8": "i1", "INT16": "i2",
    "INT32": "i4", "INT64": "i8", "FP16": "f2", "FP32": "f4", "FP64": "f8", "BYTES": "O",
}  # fmt: skip
HEADER = "Inference-Header-Content-Length"


@dataclass
class Answer:
    status: int
    fields: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def is_error(self) -> None:
        """Has the protocol's error object and a status that says so."""
        assert 400 <= self.status < 500, f"status {self.status}"
        found = self.json()
        assert isinstance(found, dict) and isinstance(found.get("error"), str) and found["error"], f"body {self.body[:80]!r}"


class Skip(Exception):
    """The server does not claim what would be checked."""


def small_png(side: int = 28) -> bytes:
    """A grey picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = zlib.compress((b"\0" + b"\x80" * side) * side)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Subject:
    """The server under test, and one of its models."""

    def __init__(self, url: str, model: str) -> None:
        self.parsed = urllib.parse.urlparse(url if "//" in url else f"http://{url}")
        self.model = model
        self.path = f"/v2/models/{model}"

    def ask(self, method: str, path: str, body: bytes | None = None, **fields: str) -> Answer:
        connection = http.client.HTTPConnection(self.parsed.hostname or "", self.parsed.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in fields.items()}
            if body is not None:
                named.setdefault("Content-Type", "application/json")
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, f"GET {path}: status {answer.status}"
        return answer.json()

    def metadata(self) -> Any:
        return self.get(self.path)

    def extensions(self) -> list[str]:
        return list(self.get("/v2").get("extensions", []))

    def needs(self, *names: str) -> None:
        if not any(name in self.extensions() for name in names):
            raise Skip(f"the server does not claim '{names[0]}'")

    def inputs(self, n: int = 1) -> list[dict[str, Any]]:
        """Of a JSON request."""
        made = []
        for each in self.metadata()["inputs"]:
            shape = [n if side < 0 else side for side in each["shape"]]
            count = int(np.prod(shape))
            entry = {"name": each["name"], "datatype": each["datatype"], "shape": shape}
            if each["datatype"] == "BYTES":
                entry |= {"parameters": {"content_type": "base64"}, "data": [base64.b64encode(small_png()).decode()] * count}
            else:
                entry["data"] = [False if each["datatype"] == "BOOL" else 0] * count
            made.append(entry)
        return made

    def infer(self, path: str | None = None, **members: Any) -> Answer:
        body = json.dumps({"inputs": self.inputs(), **members}).encode()
        return self.ask("POST", (path or self.path) + "/infer", body)

    def outputs(self, answer: Answer) -> list[dict[str, Any]]:
        assert answer.status == 200, f"status {answer.status}: {answer.body[:200]!r}"
        return list(answer.json()["outputs"])

    def binary(self, n: int = 1, lie: int = 0, **members: Any) -> Answer:
        """A request whose inputs follow the JSON as bytes; `lie` is added to what their sizes say."""
        inputs, tail = [], b""
        for each in self.metadata()["inputs"]:
            shape = [n if side < 0 else side for side in each["shape"]]
            count = int(np.prod(shape))
            if each["datatype"] == "BYTES":
                data = (struct.pack("<I", len(small_png())) + small_png()) * count
            else:
                data = bytes(np.dtype(DATATYPES[each["datatype"]]).itemsize * count)
            entry = {key: each[key] for key in ("name", "datatype")}
            inputs.append(entry | {"shape": shape, "parameters": {"binary_data_size": len(data) + lie}})
            tail += data
        head = json.dumps({"inputs": inputs, **members}).encode()
        fields = {HEADER: str(len(head)), "Content-Type": "application/octet-stream"}
        return self.ask("POST", self.path + "/infer", head + tail, **fields)


CHECKS: list[tuple[str, str, Callable[[Subject], None]]] = []


def check(part: str) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    def add(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
        CHECKS.append((part, (function.__doc__ or "").strip(), function))
        return function

    return add


def check_tensor_metadata(entry: dict[str, Any]) -> None:
    assert isinstance(entry["name"], str) and entry["name"], "a tensor has no name"
    assert entry["datatype"] in DATATYPES, f"datatype {entry['datatype']}"
    assert all(isinstance(side, int) and side >= -1 for side in entry["shape"]), f"shape {entry['shape']}"


def check_output(entry: dict[str, Any], values: int | None = None) -> None:
    assert entry["datatype"] in DATATYPES, f"datatype {entry['datatype']}"
    n = int(np.prod(entry["shape"]))
    have = values if values is not None else np.array(entry["data"], dtype=object).size
    assert have == n, f"output {entry['name']}: {have} values, of shape {entry['shape']}"


def decode(answer: Answer) -> tuple[Any, dict[str, Any]]:
    """Of a response with binary tensors: its JSON, and the arrays by name."""
    assert answer.status == 200, f"status {answer.status}: {answer.body[:200]!r}"
    assert HEADER.lower() in answer.fields, f"no {HEADER} in the response"
    size = int(answer.fields[HEADER.lower()])
    found, rest, arrays = json.loads(answer.body[:size]), answer.body[size:], {}
    for each in found["outputs"]:
        length = each.get("parameters", {}).get("binary_data_size")
        if length is None:
            continue
        data, rest = rest[:length], rest[length:]
        if each["datatype"] == "BYTES":
            elements = []
            while data:
                n = struct.unpack_from("<I", data)[0]
                elements.append(data[4 : 4 + n])
                data = data[4 + n :]
            arrays[each["name"]] = elements
            check_output(each, len(elements))
        else:
            arrays[each["name"]] = np.frombuffer(data, DATATYPES[each["datatype"]])
            check_output(each, arrays[each["name"]].size)
    assert not rest, f"{len(rest)} bytes behind the last tensor"
    return found, arrays


# ---- health and metadata ----


@check("health")
def live(s: Subject) -> None:
    """GET /v2/health/live is 200 with {"live": true}"""
    assert s.get("/v2/health/live").get("live") is True


@check("health")
def live_at_all(s: Subject) -> None:
    """GET /v2/health/live is 200"""
    assert s.ask("GET", "/v2/health/live").status == 200


@check("health")
def ready(s: Subject) -> None:
    """GET /v2/health/ready is 200 with an object ("live" in the text, "ready" in practice)"""
    found = s.get("/v2/health/ready")
    assert found.get("ready", found.get("live")) is True


@check("health")
def model_ready(s: Subject) -> None:
    """GET /v2/models/MODEL/ready is 200 with {"name": MODEL, "ready": true}"""
    found = s.get(s.path + "/ready")
    assert found["name"] == s.model and found["ready"] is True


@check("health")
def no_model_ready(s: Subject) -> None:
    """GET /v2/models/MODEL/ready of no model is an error with the error object"""
    s.ask("GET", "/v2/models/no-such-model/ready").is_error()


@check("metadata")
def server_metadata(s: Subject) -> None:
    """GET /v2 has name, version and extensions"""
    found = s.get("/v2")
    assert isinstance(found["name"], str) and isinstance(found["version"], str)
    assert all(isinstance(each, str) for each in found["extensions"])


@check("metadata")
def model_metadata(s: Subject) -> None:
    """GET /v2/models/MODEL has name, platform, inputs and outputs with names, datatypes and shapes"""
    found = s.metadata()
    assert found["name"] == s.model and isinstance(found["platform"], str)
    assert found["inputs"] and found["outputs"], "no inputs or no outputs"
    for each in (*found["inputs"], *found["outputs"]):
        check_tensor_metadata(each)


@check("metadata")
def versions(s: Subject) -> None:
    """The versions that metadata lists can be asked for, others are an error"""
    listed = s.metadata().get("versions") or []
    if not listed:
        raise Skip("the model has no versions")
    for version in listed:
        assert s.get(f"{s.path}/versions/{version}")["name"] == s.model
        assert s.get(f"{s.path}/versions/{version}/ready")["ready"] is True
        assert s.infer(f"{s.path}/versions/{version}").status == 200
    s.ask("GET", f"{s.path}/versions/no-such-version").is_error()


@check("metadata")
def no_model_metadata(s: Subject) -> None:
    """GET /v2/models/MODEL of no model is an error with the error object"""
    s.ask("GET", "/v2/models/no-such-model").is_error()


@check("metadata")
def content_type(s: Subject) -> None:
    """JSON is sent as application/json"""
    assert s.ask("GET", "/v2").fields["content-type"].startswith("application/json")


# ---- inference ----


@check("inference")
def infer(s: Subject) -> None:
    """POST infer answers with model_name and outputs, whose data are what their shapes say"""
    answer = s.infer()
    for each in s.outputs(answer):
        check_output(each)
    assert answer.json()["model_name"] == s.model


@check("inference")
def infer_names_all(s: Subject) -> None:
    """Without "outputs" all outputs of the metadata come, with their datatypes"""
    expected = {each["name"]: each["datatype"] for each in s.metadata()["outputs"]}
    found = {each["name"]: each["datatype"] for each in s.outputs(s.infer())}
    assert found == expected, f"found {found}, expected {expected}"


@check("inference")
def infer_version(s: Subject) -> None:
    """model_version, where it is given, is one of the metadata's"""
    version = s.infer().json().get("model_version")
    if version is None:
        raise Skip("no model_version")
    assert version in (s.metadata().get("versions") or []), f"version {version}"


@check("inference")
def request_id(s: Subject) -> None:
    """"id" comes back as it was sent"""
    for text in ("42", "é ☃", "x" * 200):
        assert s.infer(id=text).json().get("id") == text


@check("inference")
def some_outputs(s: Subject) -> None:
    """Only the outputs asked for come, in that order"""
    names = [each["name"] for each in s.metadata()["outputs"]][:2][::-1]
    found = [each["name"] for each in s.outputs(s.infer(outputs=[{"name": name} for name in names]))]
    assert found == names, f"found {found}, asked {names}"


@check("inference")
def batch(s: Subject) -> None:
    """A batch along a dimension of -1 answers each of its inputs"""
    if not any(-1 in each["shape"] for each in s.metadata()["inputs"]):
        raise Skip("no dimension is free")
    for each in s.outputs(s.infer(inputs=s.inputs(3))):
        check_output(each)
        assert each["shape"][0] == 3, f"shape {each['shape']}"


@check("inference")
def parameters_are_taken(s: Subject) -> None:
    """"parameters" may be there and empty, on the request, its inputs and its outputs"""
    inputs = [{"parameters": {}, **each} for each in s.inputs()]
    name = s.metadata()["outputs"][0]["name"]
    s.outputs(s.infer(parameters={}, inputs=inputs, outputs=[{"name": name, "parameters": {}}]))


@check("inference")
def nested_data(s: Subject) -> None:
    """Data may be nested as its shape says, or flat"""
    inputs = s.inputs(2)
    for each in inputs:
        nested = np.array(each["data"], dtype=object).reshape(each["shape"])
        each["data"] = nested.tolist()
    for each in s.outputs(s.infer(inputs=inputs)):
        check_output(each)


@check("inference")
def chunked(s: Subject) -> None:
    """A chunked body is taken"""
    body = json.dumps({"inputs": s.inputs()}).encode()
    connection = http.client.HTTPConnection(s.parsed.hostname or "", s.parsed.port, timeout=30)
    try:
        fields = {"Content-Type": "application/json"}
        connection.request("POST", s.path + "/infer", iter([body[:9], body[9:]]), fields, encode_chunked=True)
        assert connection.getresponse().status == 200
    finally:
        connection.close()


# ---- errors ----


def refused(title: str, change: Callable[[dict[str, Any]], Any]) -> None:
    def run(s: Subject) -> None:
        request = {"inputs": s.inputs()}
        changed = change(request)
        body = changed if isinstance(changed, bytes) else json.dumps(request).encode()
        s.ask("POST", s.path + "/infer", body).is_error()

    CHECKS.append(("errors", f"{title} is 4xx with the error object", run))


refused("No JSON", lambda _: b"{")
refused("An empty body", lambda _: b"")
refused("A list", lambda _: b"[]")
refused("No inputs", lambda request: request.pop("inputs"))
refused("An empty list of inputs", lambda request: request["inputs"].clear())
refused("An input without a name", lambda request: request["inputs"][0].pop("name"))
refused("An input without a datatype", lambda request: request["inputs"][0].pop("datatype"))
refused("An input without a shape", lambda request: request["inputs"][0].pop("shape"))
refused("An input without data", lambda request: request["inputs"][0].pop("data"))
refused("An unknown input", lambda request: request["inputs"][0].update(name="no-such-input"))
refused("An unknown datatype", lambda request: request["inputs"][0].update(datatype="FP9"))
refused("A shape that data do not fill", lambda request: request["inputs"][0].update(shape=[7, 7, 7]))
refused("A negative shape", lambda request: request["inputs"][0].update(shape=[-1]))
refused("A shape beyond 64 bits", lambda request: request["inputs"][0].update(shape=[2**62, 2**62, 2**62]))
refused("An unknown output", lambda request: request.update(outputs=[{"name": "no-such-output"}]))


@check("errors")
def no_model(s: Subject) -> None:
    """Inference by no model is 4xx with the error object"""
    s.infer("/v2/models/no-such-model").is_error()


@check("errors")
def lives_on(s: Subject) -> None:
    """The server answers after all of these"""
    live_at_all(s)
    s.outputs(s.infer())


# ---- extensions ----


@check("binary data")
def binary_in(s: Subject) -> None:
    """Inputs may follow the JSON as bytes"""
    s.needs("binary_tensor_data", "binary_data")
    for each in s.outputs(s.binary()):
        check_output(each)


@check("binary data")
def binary_out(s: Subject) -> None:
    """binary_data_output sends all outputs as bytes"""
    s.needs("binary_tensor_data", "binary_data")
    _, arrays = decode(s.binary(parameters={"binary_data_output": True}))
    assert set(arrays) == {each["name"] for each in s.metadata()["outputs"]}


@check("binary data")
def binary_one(s: Subject) -> None:
    """binary_data of an output sends that one as bytes, and the numbers are those of the JSON"""
    s.needs("binary_tensor_data", "binary_data")
    outputs = [each for each in s.metadata()["outputs"] if each["datatype"] != "BYTES"]
    if not outputs:
        raise Skip("no output of numbers")
    name = outputs[0]["name"]
    found, arrays = decode(s.infer(outputs=[{"name": name, "parameters": {"binary_data": True}}]))
    assert "data" not in found["outputs"][0]
    plain = s.outputs(s.infer(outputs=[{"name": name, "parameters": {"binary_data": False}}]))[0]["data"]
    assert np.allclose(arrays[name], np.ravel(plain), rtol=1e-3, atol=1e-3)


@check("binary data")
def binary_lies(s: Subject) -> None:
    """binary_data_size that is not what follows is 4xx with the error object"""
    s.needs("binary_tensor_data", "binary_data")
    for lie in (-1, 1, 2**40):
        s.binary(lie=lie).is_error()


@check("binary data")
def header_lies(s: Subject) -> None:
    """Inference-Header-Content-Length beyond the body, or no number, is 4xx with the error object"""
    s.needs("binary_tensor_data", "binary_data")
    body = json.dumps({"inputs": s.inputs()}).encode()
    for text in (str(len(body) + 1), "-1", "x", str(2**70)):
        s.ask("POST", s.path + "/infer", body, **{HEADER: text}).is_error()


@check("classification")
def classification(s: Subject) -> None:
    """"classification": 2 of an output of scores answers with "value:index[:label]" of the best"""
    s.needs("classification")
    for each in s.metadata()["outputs"]:
        if each["datatype"] not in ("FP32", "FP64") or len(each["shape"]) < 2:
            continue
        found = s.outputs(s.infer(outputs=[{"name": each["name"], "parameters": {"classification": 2}}]))[0]
        assert found["datatype"] == "BYTES" and found["shape"][-1] == 2
        values = [text.split(":") for text in np.ravel(found["data"])]
        assert all(len(parts) >= 2 for parts in values) and float(values[0][0]) >= float(values[1][0])
        return
    raise Skip("no output of scores")


@check("statistics")
def statistics(s: Subject) -> None:
    """GET stats counts requests, inputs and times of a model"""
    s.needs("statistics")
    s.outputs(s.infer())
    found = s.get(s.path + "/stats")["model_stats"][0]
    assert found["name"] == s.model and found["inference_count"] >= 0
    for name in ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output"):
        assert {"count", "ns"} <= set(found["inference_stats"][name])
    assert s.get("/v2/models/stats")["model_stats"]


@check("repository")
def index(s: Subject) -> None:
    """POST /v2/repository/index lists the model as READY"""
    s.needs("model_repository", "model_repository(unload_dependents)")
    answer = s.ask("POST", "/v2/repository/index", b"{}")
    assert answer.status == 200, f"status {answer.status}"
    found = [each for each in answer.json() if each["name"] == s.model]
    assert found and found[0]["state"] == "READY", f"found {found}"


@check("repository")
def load(s: Subject) -> None:
    """POST load of the model is 200, and of no model 4xx with the error object"""
    s.needs("model_repository", "model_repository(unload_dependents)")
    assert s.ask("POST", f"/v2/repository/models/{s.model}/load", b"{}").status == 200
    s.ask("POST", "/v2/repository/models/no-such-model/load", b"{}").is_error()


@check("configuration")
def configuration(s: Subject) -> None:
    """GET config has name, input and output"""
    s.needs("model_configuration")
    found = s.get(s.path + "/config")
    assert found["name"] == s.model
    for each in (*found["input"], *found["output"]):
        assert each["name"] and each["data_type"].startswith("TYPE_") and each["dims"]


# ---- HTTP ----


@check("HTTP")
def unknown_path(s: Subject) -> None:
    """An unknown path is 404"""
    assert s.ask("GET", "/v2/no-such-path").status == 404


@check("HTTP")
def wrong_method(s: Subject) -> None:
    """GET of infer is 405 or 404"""
    assert s.ask("GET", s.path + "/infer").status in (404, 405)


@check("HTTP")
def keep_alive(s: Subject) -> None:
    """A connection takes several requests, also after one that was refused"""
    connection = http.client.HTTPConnection(s.parsed.hostname or "", s.parsed.port, timeout=30)
    try:
        connection.connect()
        connection.auto_open = 0  # a second connection is an error
        for body, is_good in ((b"{", False), (json.dumps({"inputs": s.inputs()}).encode(), True)):
            connection.request("POST", s.path + "/infer", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert (answer.status == 200) is is_good, f"status {answer.status}"
    finally:
        connection.close()


@dataclass
class Outcome:
    part: str
    title: str
    verdict: str  # passed, failed or skipped
    why: str = ""


def run(url: str, model: str) -> list[Outcome]:
    subject = Subject(url, model)
    outcomes = []
    for part, title, function in CHECKS:
        try:
            function(subject)
            outcomes.append(Outcome(part, title, "passed"))
        except Skip as skip:
            outcomes.append(Outcome(part, title, "skipped", str(skip)))
        except Exception as error:  # whatever a server does, the next check runs
            outcomes.append(Outcome(part, title, "failed", f"{type(error).__name__}: {error}"[:200]))
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks a server of the Open Inference Protocol over HTTP.")
    parser.add_argument("url", metavar="URL", help="such as http://127.0.0.1:8000")
    parser.add_argument("model", metavar="MODEL", help="a model that it serves")
    arguments = parser.parse_args()
    outcomes = run(arguments.url, arguments.model)
    for each in outcomes:
        print(f"{each.verdict:8}{each.part:16}{each.title}" + (f"  [{each.why}]" if each.why else ""))
    counts = {name: sum(each.verdict == name for each in outcomes) for name in ("passed", "failed", "skipped")}
    print(", ".join(f"{n} {name}" for name, n in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
