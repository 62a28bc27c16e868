"""Runs a policy's models by ONNX Runtime in place of the built-in engine; any callable will do.

Usage: own_network.py POLICY.triage ZOO.json PICTURE...
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort

import triage


def network(file: Path) -> triage.Network:
    """A batch in, class values out; networks that take only one picture at a time get them one by one."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(batch: np.ndarray) -> np.ndarray:
        return np.concatenate([session.run(None, {name: picture[None]})[0] for picture in batch])

    return run


def main() -> None:
    policy, manifest = triage.Policy.load(sys.argv[1]), Path(sys.argv[2])
    files = {model["name"]: model["files"][0]["path"] for model in json.loads(manifest.read_text())["models"]}
    networks = {name: network(manifest.parent / files[name]) for name in policy.models}
    classifier = triage.Classifier(policy, manifest, networks=networks)
    for picture in sys.argv[3:]:
        result = classifier(picture, max_latency_ms=50)
        print(f"{picture}: {result.label}, {100 * result.confidence:.1f} %")
        print(result.explain())


if __name__ == "__main__":
    main()
