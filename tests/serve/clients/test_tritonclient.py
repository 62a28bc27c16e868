"""NVIDIA's client, unchanged, against `triage serve`."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from conftest import MODEL, Served
from PIL import Image

http = pytest.importorskip("tritonclient.http")
aio = pytest.importorskip("tritonclient.http.aio")
InferenceServerException = pytest.importorskip("tritonclient.utils").InferenceServerException

OUTPUTS = {"class", "label", "confidence", "probabilities", "models", "certified", "refused", "limit"}


@pytest.fixture
def client(served: Served) -> Iterator[Any]:
    with http.InferenceServerClient(served.address, concurrency=4) as each:
        yield each


def tensor(values: np.ndarray, datatype: str = "UINT8", binary: bool = True) -> Any:
    made = http.InferInput("image", list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def encoded(picture: np.ndarray, form: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture[:, :, 0]).convert("RGB").save(out, form, **({"quality": 95} if form != "PNG" else {}))
    return out.getvalue()


def test_health_and_metadata(client: Any) -> None:
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(MODEL) and client.is_model_ready("linear") and not client.is_model_ready("none")
    server = client.get_server_metadata()
    assert server["name"] == "triage" and "binary_tensor_data" in server["extensions"]
    model = client.get_model_metadata(MODEL)
    assert model["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [-1]}]
    assert {each["name"] for each in model["outputs"]} == OUTPUTS
    assert client.get_model_metadata(MODEL, model["versions"][0]) == model
    assert client.is_model_ready(MODEL, model["versions"][0]) and not client.is_model_ready(MODEL, "9")
    config = client.get_model_config(MODEL)
    assert config["name"] == MODEL and config["input"][0]["data_type"] == "TYPE_STRING"


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_batch_of_pixels(
    client: Any, images: np.ndarray, labels: np.ndarray, binary_in: bool, binary_out: bool
) -> None:
    asked = [http.InferRequestedOutput(name, binary_data=binary_out) for name in sorted(OUTPUTS)]
    answer = client.infer(MODEL, [tensor(images[:32], binary=binary_in)], outputs=asked, request_id="one")
    assert answer.get_response()["id"] == "one" and answer.get_response()["parameters"]["request_id"] == "one"
    classes = answer.as_numpy("class")
    assert classes.dtype == np.int64 and (classes == labels[:32]).mean() > 0.6
    probabilities = answer.as_numpy("probabilities")
    assert probabilities.dtype == np.float32 and probabilities.shape == (32, 10)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-3) and (probabilities.argmax(1) == classes).all()
    assert set(answer.as_numpy("models")) <= {b"linear", b"cnn_small", b"linear,cnn_small"} | {
        "linear", "cnn_small", "linear,cnn_small"
    }
    assert answer.as_numpy("certified").dtype == bool


def test_all_ways_to_send_a_picture_agree(client: Any, images: np.ndarray) -> None:
    def ask(given: Any) -> Any:
        return client.infer(MODEL, [given]).as_numpy("class")

    expected = ask(tensor(images[:8]))
    assert (ask(tensor(images[:8].astype(np.float32), "FP32")) == expected).all()
    assert [ask(tensor(images[i]))[0] for i in range(8)] == list(expected)  # without the batch's dimension
    pictures = np.array([encoded(each, "PNG") for each in images[:8]], dtype=object)
    assert (ask(tensor(pictures, "BYTES")) == expected).all()
    assert (ask(tensor(pictures.reshape(8, 1), "BYTES")) == expected).all()
    for form in ("JPEG", "WEBP"):
        lossy = np.array([encoded(each, form) for each in images[:8]], dtype=object)
        assert (ask(tensor(lossy, "BYTES")) == expected).sum() >= 6


def test_classification_extension(client: Any, images: np.ndarray) -> None:
    asked = [http.InferRequestedOutput("probabilities", class_count=3), http.InferRequestedOutput("class")]
    answer = client.infer(MODEL, [tensor(images[:4])], outputs=asked)
    for row, cls in zip(answer.as_numpy("probabilities"), answer.as_numpy("class"), strict=True):
        shares = [float(each.split(b":")[0]) for each in row]
        assert len(row) == 3 and shares == sorted(shares, reverse=True)
        assert int(row[0].split(b":")[1]) == cls and row[0].split(b":")[2]


def test_parameters(client: Any, images: np.ndarray) -> None:
    def ask(**parameters: Any) -> Any:
        return client.infer(MODEL, [tensor(images[:4])], parameters=parameters)

    assert set(ask(min_confidence=0.0).as_numpy("models")) == {b"linear"}
    assert any(b"linear" in each for each in ask(explain=True).as_numpy("why"))
    assert ask(request_id="mine").get_response()["parameters"]["request_id"] == "mine"
    assert ask(max_latency_ms=60_000).as_numpy("class").shape == (4,)
    with pytest.raises(InferenceServerException, match="503.*max_latency_ms|max_latency_ms") as found:
        ask(max_latency_ms=1e-6)
    assert found.value.status() == "503"
    # Triton's own, in microseconds.
    assert client.infer(MODEL, [tensor(images[:1])], timeout=60_000_000).as_numpy("class").shape == (1,)


def test_networks_one_by_one(client: Any, images: np.ndarray, labels: np.ndarray) -> None:
    index = client.get_model_repository_index()
    assert {each["state"] for each in index} == {"READY"} and {MODEL, "linear"} <= {each["name"] for each in index}
    answer = client.infer("cnn_small", [tensor(images[:64])])
    assert (answer.as_numpy("class") == labels[:64]).mean() > 0.8
    assert set(answer.as_numpy("models")) == {b"cnn_small"}


def test_statistics(client: Any, images: np.ndarray) -> None:
    def counts() -> Any:
        return client.get_inference_statistics(MODEL)["model_stats"][0]

    before = counts()
    client.infer(MODEL, [tensor(images[:5])])
    after = counts()
    while after["inference_count"] == before["inference_count"]:  # counted after the answer is sent
        after = counts()
    assert after["inference_count"] - before["inference_count"] == 5
    success = [each["inference_stats"]["success"] for each in (before, after)]
    assert success[1]["count"] - success[0]["count"] == 1 and success[1]["ns"] > success[0]["ns"]


def test_load(client: Any) -> None:
    client.load_model(MODEL)
    assert client.is_model_ready(MODEL)
    with pytest.raises(InferenceServerException, match="fixed at the start"):
        client.load_model("none")
    with pytest.raises(InferenceServerException):
        client.unload_model(MODEL)


@pytest.mark.parametrize(
    ("change", "message", "status"),
    [
        ({"model": "none"}, "model 'none': there is none", "404"),
        ({"version": "9"}, "no version '9'", "404"),
        ({"outputs": ["colour"]}, "output 'colour': there is none", "400"),
        ({"parameters": {"speed": 1}}, "parameter 'speed': not known", "400"),
        ({"shape": (1, 28, 28, 2)}, r"shape \[1, 28, 28, 2\]", "400"),
        ({"name": "picture"}, "'picture', expected one, 'image'", "400"),
        ({"picture": b"no picture"}, "picture", "415"),
    ],
)
def test_errors(client: Any, change: dict[str, Any], message: str, status: str) -> None:
    given = http.InferInput(change.get("name", "image"), [1], "BYTES")
    given.set_data_from_numpy(np.array([change.get("picture", b"x")], dtype=object))
    if "shape" in change:
        given = tensor(np.zeros(change["shape"], np.uint8))
    asked = [http.InferRequestedOutput(name) for name in change.get("outputs", [])] or None
    with pytest.raises(InferenceServerException, match=message) as found:
        client.infer(
            change.get("model", MODEL), [given], model_version=change.get("version", ""), outputs=asked,
            parameters=change.get("parameters"),
        )
    assert found.value.status() == status


def test_async_calls(client: Any, images: np.ndarray, labels: np.ndarray) -> None:
    waiting = [client.async_infer(MODEL, [tensor(images[i : i + 1])]) for i in range(40)]
    classes = [each.get_result().as_numpy("class")[0] for each in waiting]
    assert (np.array(classes) == labels[:40]).mean() > 0.6


def test_asyncio(served: Served, images: np.ndarray) -> None:
    async def ask() -> list[int]:
        async with aio.InferenceServerClient(served.address, conn_limit=8) as client:
            assert await client.is_server_live() and await client.is_model_ready(MODEL)
            assert (await client.get_server_metadata())["name"] == "triage"
            answers = await asyncio.gather(*(client.infer(MODEL, [tensor(images[i : i + 1])]) for i in range(40)))
            with pytest.raises(InferenceServerException, match="there is none"):
                await client.infer("none", [tensor(images[:1])])
            return [int(each.as_numpy("class")[0]) for each in answers]

    with http.InferenceServerClient(served.address) as client:
        assert asyncio.run(ask()) == list(client.infer(MODEL, [tensor(images[:40])]).as_numpy("class"))


def test_compressed_bodies_are_refused(client: Any, images: np.ndarray) -> None:
    with pytest.raises(InferenceServerException, match="compressed"):
        client.infer(MODEL, [tensor(images[:1])], request_compression_algorithm="gzip")
    # What the client accepts need not be sent.
    assert client.infer(MODEL, [tensor(images[:1])], response_compression_algorithm="gzip").as_numpy("class").size
