#!/usr/bin/env python3
"""Adds 8-bit versions of a zoo's networks to its manifest; run it with `scripts/quantize`.

NNCF quantizes every network of --models (post-training, 8 bits for weights and activations). The result is written
beside the manifest as NAME.xml and NAME.bin, where NAME is the model's name with `-int8` before the input size. Its entry
is that of the original, except for name, files and source. A second run replaces the entries that the first one made.

Calibration uses images without labels, only to find the ranges of the activations. By default they are crops of the
photographs that come with scikit-image and scikit-learn, so no image on which the zoo will be judged has been seen.
--data takes a folder of images like those that the networks will meet in use.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nncf
import numpy as np
import openvino
import skimage
import sklearn
from PIL import Image

SKIMAGE_PHOTOS = ("astronaut.png brick.png camera.png chelsea.png coffee.png coins.png color.png grass.png gravel.png "
                  "horse.png hubble_deep_field.jpg motorcycle_left.png retina.jpg rocket.jpg").split()
SKLEARN_PHOTOS = ("china.jpg", "flower.jpg")
MADE_BY = "quantized by NNCF"  # in an entry's source
SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".webp"}


class UsageError(Exception):
    """An error that the caller can fix: one line."""


def built_in_photos() -> list[Path]:
    photos = [Path(skimage.__file__).parent / "data" / name for name in SKIMAGE_PHOTOS]
    return photos + [Path(sklearn.__file__).parent / "datasets" / "images" / name for name in SKLEARN_PHOTOS]


def random_crops(paths: list[Path], n: int, seed: int) -> list[Image.Image]:
    """`n` crops, equally many of each photograph, of 0.35 to 1 of its sides; every other one is mirrored."""
    random = np.random.default_rng(seed)
    crops = []
    for i in range(n):
        photo = Image.open(paths[i % len(paths)]).convert("RGB")
        share = random.uniform(0.35, 1.0)
        width, height = int(photo.width * share), int(photo.height * share)
        x, y = (int(random.integers(0, side + 1)) for side in (photo.width - width, photo.height - height))
        crop = photo.crop((x, y, x + width, y + height))
        crops.append(crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else crop)
    return crops


def folder_images(folder: Path, n: int, seed: int) -> list[Image.Image]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UsageError(f"{folder}: no images, expected a folder of {', '.join(sorted(SUFFIXES))} files")
    chosen = np.random.default_rng(seed).permutation(len(paths))[:n]
    return [Image.open(paths[i]).convert("RGB") for i in sorted(chosen)]


def resized(image: Image.Image, recipe: dict) -> Image.Image:
    """By the recipe's `resampling`, as nearly as Pillow comes to Triage's own: ranges of activations need no more."""
    size = (recipe["width"], recipe["height"])
    kind = recipe.get("resampling", "by_size")
    if kind == "by_size":
        grows = size[0] >= image.width and size[1] >= image.height
        kind = "bicubic" if grows else "area"
    filters = {"area": Image.Resampling.BOX, "bilinear_antialias": Image.Resampling.BILINEAR,
               "bicubic_antialias": Image.Resampling.BICUBIC}
    if kind in filters:
        return image.resize(size, filters[kind])
    points = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    if kind not in points:
        raise UsageError(f"resampling '{kind}': not known, expected by_size, {', '.join([*filters, *points])}")
    return image.transform(size, Image.Transform.EXTENT, (0, 0, image.width, image.height), points[kind])


def tensor_of(image: Image.Image, recipe: dict) -> np.ndarray:
    """The model's input as its manifest entry describes it, a batch of one."""
    if recipe.get("crop", "none") != "none":
        share = float(recipe["crop"].removeprefix("center:"))
        width, height = round(image.width * share), round(image.height * share)
        x, y = (image.width - width) // 2, (image.height - height) // 2
        image = image.crop((x, y, x + width, y + height))
    gray = recipe["colour"] == "gray"
    pixels = np.asarray(resized(image, recipe).convert("L" if gray else "RGB"), np.float32)
    pixels = pixels[:, :, None] if gray else pixels
    pixels = pixels[:, :, ::-1] if recipe["colour"] == "bgr" else pixels
    channels = pixels.shape[2]
    pixels = (pixels - np.float32(recipe.get("mean", [0] * channels))) / np.float32(recipe.get("scale", [1] * channels))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if recipe["layout"] == "nchw" else pixels)[None]


def is_quantizable(model: dict) -> bool:
    return (model.get("role", "classifier") == "classifier" and len(model["files"]) == 1
            and model["input"]["type"] == "f32" and model["files"][0]["path"].endswith((".onnx", ".tflite", ".xml"))
            and "-int8" not in model["name"])


def is_replaceable(model: dict) -> bool:
    """Made here before, and not another's 8-bit network that has the name."""
    return MADE_BY in model.get("source", "")


def chosen_models(models: list[dict], names: str | None) -> list[dict]:
    others = {model["name"] for model in models if not is_replaceable(model)}
    known = {model["name"]: model for model in models
             if is_quantizable(model) and quantized_name(model["name"]) not in others}
    if names is None:
        return list(known.values())
    unknown = [name for name in names.split(",") if name not in known]
    if unknown:
        raise UsageError(f"--models: {', '.join(unknown)}: not a float network of one .onnx, .tflite or .xml file in this "
                         f"zoo, or it has an 8-bit version from elsewhere, expected of {', '.join(known)}")
    return [known[name] for name in names.split(",")]


def quantized_name(name: str) -> str:
    stem, at, size = name.partition("@")
    return f"{stem}-int8{at}{size}"


def quantize(model: dict, folder: Path, images: list[Image.Image]) -> openvino.Model:
    recipe = model["input"]
    tensors = [tensor_of(image, recipe) for image in images]
    network = openvino.Core().read_model(folder / model["files"][0]["path"])
    network.reshape(tensors[0].shape)
    return nncf.quantize(network, nncf.Dataset(tensors), subset_size=len(tensors),
                         preset=nncf.QuantizationPreset.MIXED)


def save(network: openvino.Model, path: Path) -> None:
    """NAME.xml and NAME.bin, each replaced in one step; the .xml last, since nothing reads the .bin without it."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".quantize-") as scratch:
        openvino.save_model(network, Path(scratch) / path.name, compress_to_fp16=False)
        for suffix in (".bin", ".xml"):
            os.replace((Path(scratch) / path.name).with_suffix(suffix), path.with_suffix(suffix))


def entry_of(model: dict, path: Path, source: str) -> dict:
    entry = copy.deepcopy(model)
    content = path.read_bytes() + path.with_suffix(".bin").read_bytes()
    entry["name"] = quantized_name(model["name"])
    entry["files"] = [{"path": path.name, "sha256": hashlib.sha256(content).hexdigest()}]
    entry["source"] = source
    return entry


def put(manifest: dict, entry: dict) -> None:
    models = manifest["models"]
    same = [i for i, model in enumerate(models) if model["name"] == entry["name"]]
    if same:
        models[same[0]] = entry
    else:
        models.append(entry)


def write(path: Path, manifest: dict) -> None:
    scratch = path.with_name(f".{path.name}.tmp")
    try:
        scratch.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def silently() -> None:
    """Hides NNCF's progress bars and advertisements; errors still come as exceptions."""
    nncf.set_log_level(logging.ERROR)
    logging.getLogger("nncf").setLevel(logging.ERROR)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/quantize", description="Adds 8-bit versions of a zoo's networks.")
    parser.add_argument("zoo", type=Path, help="manifest, zoo.json")
    parser.add_argument("--models", metavar="a,b", help="only these (default: every float network)")
    parser.add_argument("--data", type=Path, metavar="FOLDER",
                        help="images to calibrate with (default: photographs of scikit-image and scikit-learn)")
    parser.add_argument("--images", type=int, default=256, help="how many of them, or crops of them (default 256)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def run(options: argparse.Namespace) -> Iterator[str]:
    """Yields the name of each network made; the manifest is complete after each."""
    try:
        manifest = json.loads(options.zoo.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{options.zoo}: {error}; expected a zoo's manifest") from error
    if manifest.get("format") != "triage-zoo":
        raise UsageError(f"{options.zoo}: not a zoo's manifest ('format' is {manifest.get('format')!r})")
    models = chosen_models(manifest["models"], options.models)
    if options.data is None:
        images = random_crops(built_in_photos(), options.images, options.seed)
        seen = "crops of scikit-image's and scikit-learn's photographs"
    else:
        images = folder_images(options.data, options.images, options.seed)
        seen = f"images of {options.data.name}"
    for model in models:
        path = options.zoo.parent / f"{quantized_name(model['name'])}.xml"
        save(quantize(model, options.zoo.parent, images), path)
        source = f"{model['name']}, {MADE_BY} {nncf.__version__} on {len(images)} {seen}"
        put(manifest, entry_of(model, path, source))
        write(options.zoo, manifest)
        yield quantized_name(model["name"])


def main() -> int:
    silently()
    options = arguments()
    try:
        for name in run(options):
            print(name)
    except UsageError as error:
        print(f"quantize: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
