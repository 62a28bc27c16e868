"""KServe's client, unchanged, where it is installed: some 400 MB with all that it wants, so CI goes without."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from conftest import MODEL, Served

kserve = pytest.importorskip("kserve")


def test_rest_client(served: Served, images: np.ndarray, labels: np.ndarray) -> None:
    given = kserve.InferInput("image", [16, 28, 28, 1], "UINT8")
    given.set_data_from_numpy(images[:16], binary_data=False)
    binary = kserve.InferInput("image", [16, 28, 28, 1], "UINT8")
    binary.set_data_from_numpy(images[:16], binary_data=True)
    url = f"http://{served.address}"

    async def ask() -> None:
        client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2", timeout=20))
        assert await client.is_server_live(url) and await client.is_server_ready(url)
        assert await client.is_model_ready(url, MODEL)
        for each in (given, binary):
            request = kserve.InferRequest(model_name=MODEL, infer_inputs=[each])
            answer = await client.infer(url, request, model_name=MODEL)
            classes = next(output for output in answer.outputs if output.name == "class").as_numpy()
            assert (classes == labels[:16]).mean() > 0.6

    asyncio.run(ask())
