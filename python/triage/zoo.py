"""Zoos of models that exist only in Python."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import numpy.typing as npt

from triage import errors

PathLike = Union[str, "os.PathLike[str]"]
#: A batch in, of shape (n, channels, height, width) or (n, height, width, channels) as the recipe says; class values of
#: shape (n, values) out, or a tuple of these and embeddings of shape (n, size).
Network = Callable[[npt.NDArray[Any]], Any]


@dataclass(frozen=True)
class Recipe:
    """How a picture becomes what a model is given. Models with equal recipes share one preprocessing.

    Attributes
    ----------
    width, height : int
        To which pictures are resized; the aspect ratio is not kept.
    colour : {"rgb", "bgr", "gray"}
        Channels and their order.
    layout : {"nchw", "nhwc"}
        Of the batch.
    type : {"f32", "u8", "i8"}
        Of its values; those of 8 bits are not scaled.
    mean, scale : float, or a sequence of one for each channel
        A value v from 0 to 255 becomes (v - mean) / scale; for ``"f32"`` alone.
    crop : str
        ``"none"``, or ``"center:0.875"`` for the middle of the picture, this share of each side long.
    resampling : str
        ``"by_size"``, ``"area"``, ``"bilinear"``, ``"bicubic"``, and, as Pillow and torchvision resize,
        ``"bilinear_antialias"`` and ``"bicubic_antialias"``.
    """

    width: int
    height: int
    colour: str = "rgb"
    layout: str = "nchw"
    type: str = "f32"
    mean: float | Sequence[float] = 0.0
    scale: float | Sequence[float] = 1.0
    crop: str = "none"
    resampling: str = "by_size"


@dataclass(frozen=True)
class OwnModel:
    """A model that a callable runs.

    Attributes
    ----------
    run : callable
        A batch in, of shape (n, channels, height, width) or as the recipe says; class values of shape (n, k) out, or a
        tuple of these and embeddings. May be called from any thread, by one at a time.
    recipe : Recipe
    output : {"probabilities", "logits"}
        What the values are; the softmax of logits is taken.
    version : str
        Another one for other weights: profiles and policies know a model by its version, recipe and output.
    """

    run: Network
    recipe: Recipe
    output: str = "probabilities"
    version: str = "1"


class Zoo:
    """A zoo of callables, to be given where the path of a manifest is expected.

    Its folder has a manifest like any other zoo's; in place of each model's file there is a small one with the model's name
    and version. Making the same zoo again, in another process, gives the same files.

    Parameters
    ----------
    folder : path
        Where the manifest is written; made where it is missing.
    models : mapping of str to OwnModel
        By their names.
    classes : int or sequence of str
        How many classes there are, or what they are called.

    Attributes
    ----------
    manifest : pathlib.Path
    networks : dict of str to callable

    Raises
    ------
    UsageError
        The folder has a manifest of models with files.
    ManifestError
        When the zoo is used: a recipe or an output that makes no sense.

    Examples
    --------
    >>> zoo = triage.Zoo("zoo", {"small": triage.OwnModel(small, triage.Recipe(32, 32, scale=255)), ...}, classes=10)
    >>> triage.profile(zoo, "pictures", "my.profile")
    """

    def __init__(self, folder: PathLike, models: Mapping[str, OwnModel], classes: int | Sequence[str]) -> None:
        if not models:
            raise errors.UsageError("models: none, expected some by their names")
        self.manifest = Path(folder) / "zoo.json"
        self.networks: dict[str, Network] = {name: model.run for name, model in models.items()}
        _check_own(self.manifest)
        self.manifest.parent.mkdir(parents=True, exist_ok=True)
        n_classes = classes if isinstance(classes, int) else len(classes)
        document: dict[str, Any] = {"format": "triage-zoo", "version": 1, "name": self.manifest.parent.name or "own"}
        if not isinstance(classes, int):
            document["labels"] = "labels.txt"
            _write(self.manifest.parent / "labels.txt", "".join(f"{name}\n" for name in classes))
        document["models"] = [self._entry(i, *each, n_classes) for i, each in enumerate(models.items())]
        _write(self.manifest, json.dumps(document, indent=2) + "\n")

    def _entry(self, i: int, name: str, model: OwnModel, n_classes: int) -> dict[str, Any]:
        file = f"model{i}{_EXTENSION}"
        text = f"{name}\nversion {model.version}\n"
        _write(self.manifest.parent / file, text)
        return {
            "name": name,
            "files": [{"path": file, "sha256": hashlib.sha256(text.encode()).hexdigest()}],
            "input": _recipe_json(model.recipe),
            "output": {"kind": model.output, "classes": n_classes},
            "source": "a callable of Python",
        }

    def __fspath__(self) -> str:
        return str(self.manifest)

    def __repr__(self) -> str:
        return f"Zoo({str(self.manifest)!r}, {', '.join(self.networks)})"


_EXTENSION = ".callable"


def networks_of(zoo: PathLike | Zoo, networks: Mapping[str, Network] | None) -> dict[str, Network]:
    """The callables of a zoo, and those that are given beside it, which go before."""
    own = zoo.networks if isinstance(zoo, Zoo) else {}
    return own | dict(networks or {})


def _recipe_json(recipe: Recipe) -> dict[str, Any]:
    names = ("width", "height", "layout", "type", "colour", "crop", "resampling")
    found: dict[str, Any] = {name: getattr(recipe, name) for name in names}
    if recipe.type == "f32":
        channels = 1 if recipe.colour == "gray" else 3
        for name in ("mean", "scale"):
            value = getattr(recipe, name)
            found[name] = [float(each) for each in value] if isinstance(value, Sequence) else [float(value)] * channels
    return found


def _check_own(manifest: Path) -> None:
    """That no other zoo is overwritten."""
    if not manifest.exists():
        return
    try:
        files = [file["path"] for model in json.loads(manifest.read_text())["models"] for file in model["files"]]
    except (ValueError, KeyError, TypeError):
        files = ["an unknown file"]
    if not all(str(file).endswith(_EXTENSION) for file in files):
        raise errors.UsageError(f"{manifest}: is of a zoo with model files, expected a folder of its own; name another")


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and not where it is there: others may be reading."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
