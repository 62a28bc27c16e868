#!/usr/bin/env python3
"""Trains the premodel as a network (role `selector`): one for use, and one for each fold of a cross-validation.

You do not need to run this: its results are committed under zoo/fashion/selectors/. To make them again (Debian 12;
packages python3-torch, python3-numpy, dataset-fashion-mnist), from the profile that scripts/demo makes:

  build/release/triage evaluate out/demo/fashion.profile --cv 10 --seed 0 --bootstrap 0 --folds out/demo/folds.csv
  /usr/bin/python3 tools/train_selectors.py --profile out/demo/fashion.profile --folds out/demo/folds.csv

What it writes, beside --zoo:
  selectors/NAME.onnx, selectors/NAME-fold0.onnx ...   `image` (1, 1, 28, 28) f32 -> `logits` (1, c) f32
  selectors/training.json                              protocol, versions, and per network what it learned from
  zoo_with_selectors.json                              the zoo's models, then the selectors

The protocol is reduced so that everything takes about two minutes on one core (the paper trained its network for 500
epochs). A network with two convolutions sees --images images, drawn from its training part with a seed, --epochs
times. Its classes are the models that Algorithm 1 selects on the whole training part, and "none is right"; the class of
an image is its optimum among them, as for every other premodel. The network of a fold sees nothing of the fold's test
part: no images, no answers, no times. There is no early stopping and no choice among runs.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import platform
import sqlite3
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

PIXEL_MEAN = 72.9
PIXEL_SCALE = 90.0
THETA = 0.005  # Algorithm 1, as a share
BATCH = 64
OPSET = 13


class Table:
    """What Triage's table holds of a profile: n inputs, m models."""

    def __init__(self, path: Path) -> None:
        profile = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        rows = profile.execute("SELECT input, id FROM input WHERE status = 'ok' ORDER BY input").fetchall()
        self.ids = [row[1] for row in rows]
        self.models = [row[0] for row in profile.execute(
            "SELECT name FROM model WHERE role = 'classifier' ORDER BY model")]
        recipes = [row[0] for row in profile.execute("SELECT recipe FROM model ORDER BY model")]
        position = {row[0]: i for i, row in enumerate(rows)}
        n, m = len(rows), len(self.models)
        self.right = np.zeros((n, m), bool)
        for i, model, rank in profile.execute("SELECT input, model, rank FROM output WHERE model < ?", (m,)):
            self.right[position[i], model] = rank == 1
        self.ms = np.zeros((n, m))
        for i, model, ms in profile.execute("SELECT input, model, mean_ms FROM infer_cost JOIN execution "
                                            "USING (execution) WHERE model < ?", (m,)):
            self.ms[position[i], model] += ms
        for i, recipe, ms in profile.execute("SELECT input, recipe, mean_ms FROM preprocess_cost"):
            self.ms[position[i], [r == recipe for r in recipes[:m]]] += ms


def optima(right: np.ndarray, costs: np.ndarray, models: list[int]) -> np.ndarray:
    """Position in `models` of each input's optimum, len(models) where none is right."""
    order = sorted(range(len(models)), key=lambda i: (costs[models[i]], models[i]))
    best = np.full(len(right), len(models))
    for i in reversed(order):
        best[right[:, models[i]]] = i
    return best


def select_models(right: np.ndarray, costs: np.ndarray) -> list[int]:
    """Algorithm 1 (src/learn/select_models.cpp)."""
    def highest(counts: np.ndarray, candidates: list[int]) -> int:
        return min(candidates, key=lambda model: (-counts[model], costs[model], model))

    every = list(range(right.shape[1]))
    counts = np.bincount(optima(right, costs, every), minlength=len(every) + 1)
    selected, failing = [], np.full(len(right), True)
    following = highest(counts, every)
    while True:
        covered = failing & right[:, following]
        if selected and covered.mean() <= THETA:
            return selected
        selected.append(following)
        failing &= ~covered
        candidates = [model for model in every if model not in selected]
        if not candidates:
            return selected
        following = highest(right[failing].sum(axis=0), candidates)


MASK = (1 << 64) - 1


def mix64(x: int) -> int:
    """src/base/hash.h."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def hash64(text: str) -> int:
    """With seed 0."""
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return mix64(h ^ mix64(0))


def inputs_hash(hashes: list[int]) -> str:
    """Of a set of inputs, from the hash of each id (src/table/table.cpp)."""
    return f"{mix64((mix64(len(hashes)) + sum(hashes)) & MASK):016x}"


def load_images(ids: list[str], data: Path) -> np.ndarray:
    """(n, 28, 28) u8, by ids such as `train-images-idx3-ubyte.gz#20000`."""
    names = [identifier.rsplit("#", 1) for identifier in ids]
    files = {name: np.frombuffer(gzip.decompress((data / name).read_bytes()), np.uint8, offset=16)
             .reshape(-1, 28, 28) for name in {name for name, _ in names}}
    return np.stack([files[name][int(index)] for name, index in names])


class Selector(nn.Module):
    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 5, 2, 2, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten())
        self.head = nn.Linear(16 * 3 * 3, n_classes)

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.features(image))


def train(images: Tensor, labels: Tensor, n_classes: int, epochs: int, seed: int) -> tuple[nn.Module, float]:
    torch.manual_seed(seed)
    network = Selector(n_classes)
    steps = epochs * ((len(labels) + BATCH - 1) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    loss = torch.zeros(())
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(BATCH):
            loss = functional.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval(), loss.item()


def make_network(table: Table, images: Tensor, part: np.ndarray, name: str, args: argparse.Namespace) -> dict:
    """Trains on (a sample of) the inputs of `part`, positions in the table; returns its record."""
    began = time.perf_counter()
    costs = table.ms[part].mean(axis=0)
    models = select_models(table.right[part], costs)
    chosen = np.random.default_rng(args.seed).permutation(part)[:args.images]
    labels = torch.from_numpy(optima(table.right[chosen], costs, models))
    network, loss = train(images[chosen], labels, len(models) + 1, args.epochs, args.seed)
    path = args.zoo.parent / "selectors" / f"{name}.onnx"
    path.parent.mkdir(exist_ok=True)
    torch.onnx.export(network, torch.zeros(1, 1, 28, 28), str(path), input_names=["image"],
                      output_names=["logits"], opset_version=OPSET)
    record = {"name": name, "chooses": [table.models[model] for model in models] + ["none"],
              "training_part": len(part), "images": len(chosen), "last_loss": round(loss, 5),
              "parameters": sum(p.numel() for p in network.parameters()),
              "share_of_classes": np.bincount(labels, minlength=len(models) + 1).tolist(),
              "size_bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    print(f"{name}: {record['chooses']}, {record['size_bytes']} bytes, {time.perf_counter() - began:.1f} s",
          flush=True)
    return record


def manifest_entry(record: dict, fold: dict | None) -> dict:
    entry = {"name": record["name"], "role": "selector",
             "files": [{"path": f"selectors/{record['name']}.onnx", "sha256": record["sha256"]}],
             "input": {"width": 28, "height": 28, "layout": "nchw", "type": "f32", "colour": "gray",
                       "mean": [PIXEL_MEAN], "scale": [PIXEL_SCALE]},
             "output": {"kind": "logits", "classes": len(record["chooses"])},
             "chooses": record["chooses"], "license": "Apache-2.0", "source": "tools/train_selectors.py"}
    if fold is not None:
        entry["fold"] = fold
    return entry


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", type=Path, required=True, help="profile of the zoo's classifiers")
    parser.add_argument("--folds", type=Path, required=True, help="`input,fold` lines of triage evaluate --folds")
    parser.add_argument("--folds-seed", type=int, default=0, help="seed that the folds were made with")
    parser.add_argument("--zoo", type=Path, default=Path("zoo/fashion/zoo.json"))
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--name", default="selector")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    table = Table(args.profile)
    images = torch.from_numpy((load_images(table.ids, args.data)[:, None] - np.float32(PIXEL_MEAN)) /
                              np.float32(PIXEL_SCALE))
    with args.folds.open(newline="") as file:
        fold_of = {row["input"]: int(row["fold"]) for row in csv.DictReader(file)}
    hashes = [hash64(identifier) for identifier in table.ids]
    folds = np.array([fold_of[identifier] for identifier in table.ids])
    count = int(folds.max()) + 1
    records = [make_network(table, images, np.arange(len(folds)), args.name, args)]
    entries = [manifest_entry(records[0], None)]
    for fold in range(count):
        part = np.flatnonzero(folds != fold)
        records.append(make_network(table, images, part, f"{args.name}-fold{fold}", args))
        entries.append(manifest_entry(records[-1], {"of": args.name, "index": fold, "count": count,
                                                    "seed": args.folds_seed,
                                                    "inputs": inputs_hash([hashes[i] for i in part])}))
    zoo = json.loads(args.zoo.read_text())
    zoo["models"] = [model for model in zoo["models"] if model.get("role") != "selector"] + entries
    (args.zoo.parent / "zoo_with_selectors.json").write_text(json.dumps(zoo, indent=2) + "\n")
    report = {"protocol": {"images": args.images, "epochs": args.epochs, "batch": BATCH, "seed": args.seed,
                           "theta": THETA, "folds": count, "folds_seed": args.folds_seed},
              "versions": {"python": platform.python_version(), "torch": torch.__version__,
                           "numpy": np.__version__, "onnx_opset": OPSET},
              "networks": records}
    (args.zoo.parent / "selectors" / "training.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
