#!/usr/bin/env python3
"""The smallest example: three networks on scikit-learn's digits, and 1,197 pictures to profile them on.

Of the 1,797 digits 600 train the networks; the others become pictures of 8 x 8 pixels. What it writes, into
--out:
  pictures/LABEL/NUMBER.png  the other 1,197 digits
  NAME.xml, NAME.bin         one network each, in OpenVINO's format: `image` (1, 1, 8, 8) f32 -> `logits`
                             (1, 10) f32: `coarse` (32 hidden units on 4 x 4 means), `linear` (logistic
                             regression) and `large` (1,024 and 512 hidden units)
  labels.txt, zoo.json       the manifest that Triage reads

scikit-learn and Pillow are Debian's, OpenVINO is that of `scripts/setup`:
  .venv/bin/python tools/train_digits_zoo.py --out out/digits
On one machine the result is always the same; another one rounds differently.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

sys.path.append("/usr/lib/python3/dist-packages")

import numpy as np  # noqa: E402
import openvino as ov  # noqa: E402
from openvino import opset13 as ops  # noqa: E402
from PIL import Image  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402

N_TRAIN = 600
WHITE = 16  # of the digits' pixels
PIXEL_SCALE = 15 * WHITE  # of the pictures'


def layer(x: ov.Output, weights: np.ndarray, bias: np.ndarray) -> ov.Node:
    """`weights` has shape (in, out)."""
    product = ops.matmul(x, ops.constant(weights.astype(np.float32)), False, False)
    return ops.add(product, ops.constant(bias.astype(np.float32)[None]))


def network(layers: list[tuple[np.ndarray, np.ndarray]], coarse: bool) -> ov.Model:
    image = ops.parameter([1, 1, 8, 8], ov.Type.f32, "image")
    x = ops.avg_pool(image, [2, 2], [0, 0], [0, 0], [2, 2], True) if coarse else image
    x = ops.reshape(x, ops.constant(np.array([1, -1])), False)
    for i, (weights, bias) in enumerate(layers):
        x = layer(x if i == 0 else ops.relu(x), weights, bias)
    model = ov.Model([x], [image], "digits")
    model.outputs[0].get_tensor().set_names({"logits"})
    return model


def train(images: np.ndarray, labels: np.ndarray) -> dict[str, ov.Model]:
    """`images` has shape (n, 64), values 0 to 1."""
    means = images.reshape(-1, 4, 2, 4, 2).mean((2, 4)).reshape(len(images), -1)
    coarse = MLPClassifier((32,), max_iter=2000, random_state=1).fit(means, labels)
    linear = LogisticRegression(max_iter=300).fit(images, labels)
    large = MLPClassifier((1024, 512), max_iter=300, random_state=1).fit(images, labels)
    return {"coarse": network(list(zip(coarse.coefs_, coarse.intercepts_)), True),
            "linear": network([(linear.coef_.T, linear.intercept_)], False),
            "large": network(list(zip(large.coefs_, large.intercepts_)), False)}


def manifest_entry(name: str, out: Path) -> dict:
    content = b"".join((out / f"{name}{ending}").read_bytes() for ending in (".xml", ".bin"))
    files = [{"path": f"{name}.xml", "sha256": hashlib.sha256(content).hexdigest()}]
    recipe = {"width": 8, "height": 8, "layout": "nchw", "type": "f32", "colour": "gray", "mean": [0],
              "scale": [PIXEL_SCALE]}
    return {"name": name, "files": files, "input": recipe, "output": {"kind": "logits", "classes": 10}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/digits"))
    out = parser.parse_args().out
    images, labels = load_digits(return_X_y=True)
    shuffled = np.random.RandomState(0).permutation(len(labels))
    for i in shuffled[N_TRAIN:]:
        path = out / "pictures" / str(labels[i]) / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((images[i].reshape(8, 8) * 15).astype(np.uint8)).save(path)
    models = train(images[shuffled[:N_TRAIN]] / WHITE, labels[shuffled[:N_TRAIN]])
    for name, model in models.items():
        ov.save_model(model, out / f"{name}.xml", compress_to_fp16=False)
    (out / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))
    manifest = {"format": "triage-zoo", "version": 1, "name": "digits", "labels": "labels.txt",
                "models": [manifest_entry(name, out) for name in models]}
    (out / "zoo.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
