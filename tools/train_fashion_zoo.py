#!/usr/bin/env python3
"""Trains the Fashion-MNIST zoo: ten small image classifiers that take from 5 us to half a millisecond.

You do not need to run this: its results are committed under zoo/fashion/, and nothing else in the
project calls it. It is here so that the networks can be checked, changed and made again.

What it writes, into --out:
  NAME.onnx      one network: `image` (1, 1, 28, 28) f32 -> `logits` (1, 10) f32, and for some also
                 `embedding` (1, d) f32, the pooled features. Batch norms are folded, opset 13.
  training.json  per network: seed, epochs, sizes, multiply-adds, time, final loss and the figures
                 on the unseen images; and the input recipe and the versions of the tools.
  training.log   one line per epoch.
  labels.txt     the ten class names, in the order of the logits.
  zoo.json       the manifest that Triage reads.

Input of every network: (pixel - PIXEL_MEAN) / PIXEL_SCALE with pixel in 0..255, no resizing.

Data: Fashion-MNIST, 70,000 images: the train file (60,000), then the t10k file (10,000). Only the
first 20,000 are used for training. The other 50,000 give the final figures and choose nothing: there
is no early stopping; the last epoch is exported. To tune a recipe use --holdout, which keeps the last
part of the 20,000 out of training and reports on that part instead.

How to run (Debian 12; packages python3-torch, python3-numpy, dataset-fashion-mnist):
  /usr/bin/python3 tools/train_fashion_zoo.py                        # everything, in order
  /usr/bin/python3 tools/train_fashion_zoo.py --only linear mlp      # some networks
All of it takes about an hour on one core with AVX-512; two processes with different --only may run
side by side. It can be killed at any time: --state holds a checkpoint per network, and the next run
continues after the last finished epoch and skips finished networks. On one machine, with the same
number of threads, the result is always the same; another machine rounds differently.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

PIXEL_MEAN = 72.9
PIXEL_SCALE = 90.0
BLACK = -PIXEL_MEAN / PIXEL_SCALE  # what a background pixel becomes
N_TRAIN = 20_000
OPSET = 13
LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


# ---- Networks: each is `features` (image -> embedding) followed by a linear `head`.


class Classifier(nn.Module):
    def __init__(self, features: nn.Module, n_features: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(n_features, len(LABELS))

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.features(image))


class MirrorAveraging(Classifier):
    """Learns like any other, but answers with the mean of the logits of the image and those of its
    mirror image, at twice the cost."""

    def forward(self, image: Tensor) -> Tensor:
        if self.training:
            return super().forward(image)
        plain, mirrored = super().forward(torch.cat([image, image.flip(3)])).chunk(2)
        return (plain + mirrored) / 2


class WithEmbedding(nn.Module):
    """The exported form of a classifier that also gives its embedding."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.classifier.features(image)
        return self.classifier.head(embedding), embedding


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*conv(channels, channels), *conv(channels, channels)[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.body(x))


def conv(n_in: int, n_out: int, stride: int = 1, size: int = 3, groups: int = 1) -> list[nn.Module]:
    """Convolution, batch norm, ReLU."""
    return [nn.Conv2d(n_in, n_out, size, stride, size // 2, groups=groups, bias=False),
            nn.BatchNorm2d(n_out), nn.ReLU()]


def separable(n_in: int, n_out: int, stride: int = 1) -> list[nn.Module]:
    """Depthwise 3x3, then pointwise 1x1."""
    return conv(n_in, n_in, stride, groups=n_in) + conv(n_in, n_out, size=1)


def pooled(layers: list[nn.Module], n_features: int,
           kind: type[Classifier] = Classifier) -> Classifier:
    """Layers, then the average over all positions."""
    return kind(nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), n_features)


# ---- Recipes


@dataclass(frozen=True)
class Recipe:
    """How one network is trained; a checkpoint of another recipe is not continued."""

    name: str
    epochs: int
    seed: int
    peak_learning_rate: float = 0.1
    weight_decay: float = 5e-4
    label_smoothing: float = 0.05
    batch: int = 128
    augment: bool = True  # mirror, shift by up to 2 px, erase a square
    exports_embedding: bool = False


# In order of latency. The small networks have too little capacity to gain from augmentation.
ZOO: list[tuple[Recipe, Callable[[], Classifier]]] = [
    (Recipe("linear_coarse", 40, 1, 0.3, 0.0, 0.0, augment=False),
     lambda: Classifier(nn.Sequential(nn.AvgPool2d(7), nn.Flatten()), 16)),
    (Recipe("linear", 20, 2, 0.01, 5e-4, 0.0, augment=False),
     lambda: Classifier(nn.Flatten(), 784)),
    (Recipe("mlp", 30, 3, 0.05, augment=False),
     lambda: Classifier(nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU()), 64)),
    (Recipe("cnn_small", 30, 5, augment=False, exports_embedding=True),
     lambda: pooled([*conv(1, 12, 2), *conv(12, 24, 2), *conv(24, 48, 2)], 48)),
    (Recipe("separable_small", 30, 4, augment=False, exports_embedding=True),
     lambda: pooled([*conv(1, 16, 2), *separable(16, 32), *separable(32, 64, 2),
                     *separable(64, 96)], 96)),
    (Recipe("cnn_medium", 40, 6, exports_embedding=True),
     lambda: pooled([*conv(1, 16, 2), *conv(16, 32), *conv(32, 48, 2), *conv(48, 64)], 64)),
    (Recipe("separable_medium", 20, 7),
     lambda: pooled([*conv(1, 24), *separable(24, 48, 2), *separable(48, 48),
                     *separable(48, 96, 2), *separable(96, 96), *separable(96, 96)], 96)),
    (Recipe("residual_small", 40, 8, exports_embedding=True),
     lambda: pooled([*conv(1, 24, 2), Residual(24), *conv(24, 48, 2), Residual(48)], 48)),
    (Recipe("residual_medium", 30, 9),
     lambda: pooled([*conv(1, 16), *conv(16, 40, 2), Residual(40), *conv(40, 80, 2),
                     Residual(80)], 80)),
    (Recipe("residual_large", 40, 10),
     lambda: pooled([*conv(1, 24), Residual(24), *conv(24, 48, 2), Residual(48),
                     *conv(48, 96, 2), Residual(96)], 96, MirrorAveraging)),
]


# ---- Data


def read_idx(path: Path) -> np.ndarray:
    """Reads a gzipped IDX file of bytes (magic: 0, 0, type 8, number of dimensions)."""
    raw = gzip.decompress(path.read_bytes())
    if raw[:3] != b"\0\0\x08":
        raise ValueError(f"{path.name}: not an IDX file of unsigned bytes")
    shape = np.frombuffer(raw, ">u4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def load_images(folder: Path) -> tuple[Tensor, Tensor]:
    """Returns all images (70000, 1, 28, 28), normalised, and their labels (70000,)."""

    def both_parts(kind: str) -> Tensor:
        files = [folder / f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k")]
        return torch.from_numpy(np.concatenate([read_idx(path) for path in files]))

    pixels = both_parts("images-idx3").float().unsqueeze(1)
    return (pixels - PIXEL_MEAN) / PIXEL_SCALE, both_parts("labels-idx1").long()


def augmented(images: Tensor, rng: torch.Generator) -> Tensor:
    """Shifts images (n, 1, 28, 28) by up to 2 px each way; mirrors half of them; erases a 7x7
    square in half of them."""
    n, _, height, width = images.shape

    def draw(limit: int) -> Tensor:
        return torch.randint(limit, (n, 1), generator=rng)

    rows = torch.arange(height) + draw(5)
    columns = torch.arange(width) + draw(5)
    columns = torch.where(draw(2) == 1, columns.flip(1), columns)
    padded = functional.pad(images[:, 0], (2, 2, 2, 2), value=BLACK)
    shifted = padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    in_rows = (torch.arange(height) - draw(height)).abs() <= 3
    in_columns = (torch.arange(width) - draw(width)).abs() <= 3
    erased = in_rows[:, :, None] & in_columns[:, None, :] & (draw(2) == 1)[:, :, None]
    return shifted.masked_fill(erased, 0.0).unsqueeze(1)


# ---- Training


def learning_rate(recipe: Recipe, progress: float) -> float:
    """Rises over the first fifth, then falls to zero along a cosine; progress in 0..1."""
    if progress < 0.2:
        return recipe.peak_learning_rate * (0.05 + 0.95 * progress / 0.2)
    return recipe.peak_learning_rate * 0.5 * (1.0 + math.cos(math.pi * (progress - 0.2) / 0.8))


def train_epoch(model: Classifier, optimizer: torch.optim.Optimizer, recipe: Recipe, epoch: int,
                images: Tensor, labels: Tensor, rng: torch.Generator) -> float:
    """Returns the mean loss over the epoch."""
    model.train()
    batches = torch.randperm(len(images), generator=rng).split(recipe.batch)
    total = 0.0
    for step, chosen in enumerate(batches):
        progress = (epoch + step / len(batches)) / recipe.epochs
        optimizer.param_groups[0]["lr"] = learning_rate(recipe, progress)
        batch = augmented(images[chosen], rng) if recipe.augment else images[chosen]
        logits = model(batch.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(logits, labels[chosen],
                                        label_smoothing=recipe.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(chosen)
    return total / len(images)


def train(model: Classifier, recipe: Recipe, images: Tensor, labels: Tensor,
          checkpoint: Path) -> list[dict]:
    """Trains in place, from the checkpoint if there is one; returns one record per epoch."""
    rng = torch.Generator().manual_seed(recipe.seed)
    optimizer = torch.optim.SGD(model.parameters(), recipe.peak_learning_rate, momentum=0.9,
                                weight_decay=recipe.weight_decay, nesterov=True)
    history: list[dict] = []
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        if (saved["recipe"], saved["n_images"]) == (asdict(recipe), len(images)):
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            rng.set_state(saved["rng"])
            history = saved["history"]
    for epoch in range(len(history), recipe.epochs):
        started = time.monotonic()
        loss = train_epoch(model, optimizer, recipe, epoch, images, labels, rng)
        history.append({"epoch": epoch + 1, "train_loss": round(loss, 5),
                        "time_s": round(time.monotonic() - started, 2)})
        print(recipe.name, *history[-1].values(), flush=True)
        state = {"recipe": asdict(recipe), "n_images": len(images), "model": model.state_dict(),
                 "optimizer": optimizer.state_dict(), "rng": rng.get_state(), "history": history}
        save_atomically(checkpoint, lambda path: torch.save(state, path))
    return history


@torch.no_grad()
def evaluate(model: Classifier, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Share of right answers, and the mean probability that the network gives its answers."""
    model.eval()
    probabilities = torch.cat([model(batch).softmax(1) for batch in images.split(500)])
    confidence, answers = probabilities.max(1)
    return {"top1_rate": round((answers == labels).float().mean().item(), 5),
            "mean_confidence": round(confidence.mean().item(), 5)}


# ---- Products


@torch.no_grad()
def count_multiply_adds(model: Classifier) -> int:
    """Of convolutions and linear layers, for one image."""
    total = 0

    def add(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += layer.weight[0].numel() * output.numel()

    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(add) for layer in layers]
    model.eval()(torch.zeros(1, 1, 28, 28))
    for hook in hooks:
        hook.remove()
    return total


def export(model: Classifier, recipe: Recipe, path: Path) -> None:
    """Writes ONNX; exporting in evaluation mode folds each batch norm into its convolution."""
    module = WithEmbedding(model) if recipe.exports_embedding else model
    outputs = ["logits", "embedding"] if recipe.exports_embedding else ["logits"]
    module = module.eval().to(memory_format=torch.contiguous_format)
    save_atomically(path, lambda temporary: torch.onnx.export(
        module, torch.zeros(1, 1, 28, 28), str(temporary), input_names=["image"],
        output_names=outputs, opset_version=OPSET))


def save_atomically(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    write(temporary)
    temporary.replace(path)


def make_network(recipe: Recipe, build: Callable[[], Classifier], args: argparse.Namespace,
                 images: Tensor, labels: Tensor) -> None:
    """Trains, evaluates and exports one network, and leaves its record in the state folder."""
    folder = args.state / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    record_path = folder / "record.json"
    onnx_path = args.out / f"{recipe.name}.onnx"
    if not args.holdout and record_path.exists() and onnx_path.exists():
        if json.loads(record_path.read_text())["recipe"] == asdict(recipe):
            return
    torch.manual_seed(recipe.seed)
    model = build().to(memory_format=torch.channels_last)
    n_train = N_TRAIN - args.holdout
    history = train(model, recipe, images[:n_train], labels[:n_train], folder / "checkpoint.pt")
    unseen = slice(n_train, N_TRAIN) if args.holdout else slice(N_TRAIN, None)
    figures = evaluate(model, images[unseen], labels[unseen])
    print(recipe.name, figures, flush=True)
    if args.holdout:
        return
    export(model, recipe, onnx_path)
    record = {
        "file": onnx_path.name, "size_bytes": onnx_path.stat().st_size,
        "sha256": hashlib.sha256(onnx_path.read_bytes()).hexdigest(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply_adds": count_multiply_adds(model), "n_train": n_train,
        "final_train_loss": history[-1]["train_loss"],
        "training_time_s": round(sum(line["time_s"] for line in history), 1),
        "n_unseen": len(labels[unseen]), "unseen": figures,
        "recipe": asdict(recipe), "history": history,
        "command": f"tools/train_fashion_zoo.py --only {recipe.name} --threads {args.threads}"}
    save_atomically(record_path, lambda path: path.write_text(json.dumps(record)))


def manifest(networks: list[dict]) -> dict:
    """The zoo's manifest (docs/formats.md), cheapest network first."""
    recipe = {"width": 28, "height": 28, "layout": "nchw", "type": "f32", "colour": "gray",
              "mean": [PIXEL_MEAN], "scale": [PIXEL_SCALE]}
    models = [{"name": network["recipe"]["name"],
               "files": [{"path": network["file"], "sha256": network["sha256"]}],
               "input": recipe, "output": {"kind": "logits", "classes": len(LABELS)},
               "license": "Apache-2.0", "source": "tools/train_fashion_zoo.py"}
              for network in networks]
    return {"format": "triage-zoo", "version": 1, "name": "fashion", "labels": "labels.txt",
            "models": models}


def write_reports(state: Path, out: Path) -> None:
    """Gathers the records of all finished networks, of this process or another, in zoo order."""
    paths = [state / recipe.name / "record.json" for recipe, _ in ZOO]
    records = [json.loads(path.read_text()) for path in paths if path.exists()]
    log = "".join(f"{record['recipe']['name']} epoch {line['epoch']}/{record['recipe']['epochs']} "
                  f"train_loss {line['train_loss']:.5f} time_s {line['time_s']:.2f}\n"
                  for record in records for line in record.pop("history"))
    report = {
        "data": "Fashion-MNIST, train file then t10k file: "
                "first 20,000 images for training, the other 50,000 unseen",
        "input": {"name": "image", "shape": [1, 1, 28, 28],
                  "pixel_mean": PIXEL_MEAN, "pixel_scale": PIXEL_SCALE},
        "versions": {"python": platform.python_version(), "torch": torch.__version__,
                     "numpy": np.__version__, "onnx_opset": OPSET},
        "networks": records}
    products = {"training.json": json.dumps(report, indent=1) + "\n", "training.log": log,
                "zoo.json": json.dumps(manifest(report["networks"]), indent=2) + "\n",
                "labels.txt": "\n".join(LABELS) + "\n"}
    for name, text in products.items():
        save_atomically(out / name, lambda path: path.write_text(text))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [recipe.name for recipe, _ in ZOO]
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"),
                        help="folder of the four gzipped IDX files (default %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("zoo/fashion"),
                        help="folder of the products (default %(default)s)")
    parser.add_argument("--state", type=Path, default=Path("build/train_fashion_zoo"),
                        help="folder of the checkpoints (default %(default)s)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME",
                        help="networks to make: " + ", ".join(names))
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch (default 1)")
    parser.add_argument("--holdout", type=int, default=0, metavar="N",
                        help="train without the last N of the 20,000, report on those, "
                             "export nothing (use another --state)")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    images, labels = load_images(args.data)
    args.out.mkdir(parents=True, exist_ok=True)
    for recipe, build in ZOO:
        if recipe.name in args.only:
            make_network(recipe, build, args, images, labels)
    if not args.holdout:
        write_reports(args.state, args.out)


if __name__ == "__main__":
    main()
