"""MLServer's side of the comparison: one network of a zoo by OpenVINO, as a custom runtime. load.py writes its settings."""

from __future__ import annotations

import numpy as np
import openvino
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OpenVinoNetwork(MLModel):
    """Takes UINT8 pictures (n, height, width, 1), and answers with their classes (n,) and probabilities (n, classes)."""

    async def load(self) -> bool:
        extra = self.settings.parameters.extra
        model = openvino.Core().read_model(extra["network"])
        model.reshape([-1, *list(model.input(0).partial_shape)[1:]])
        self._mean, self._scale = np.float32(extra["mean"]), np.float32(extra["scale"])
        hints = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
        self._network = openvino.Core().compile_model(model, "CPU", hints)
        self._run = self._network.create_infer_request()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        pictures = NumpyCodec.decode_input(payload.inputs[0])
        values = (pictures.astype(np.float32) - self._mean) / self._scale
        logits = self._run.infer([values.transpose(0, 3, 1, 2)])[0]
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        classes = shares.argmax(1).astype(np.int64)
        outputs = [NumpyCodec.encode_output("class", classes), NumpyCodec.encode_output("probabilities", shares)]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
