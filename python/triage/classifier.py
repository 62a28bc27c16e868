"""Classifying pictures with a policy and a zoo."""

from __future__ import annotations

import html
import io
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Union

import numpy as np
import numpy.typing as npt

from triage import errors
from triage._native import core
from triage.policy import Policy
from triage.progress import ProgressLike, resolve
from triage.zoo import Network as Network
from triage.zoo import Zoo, networks_of

PathLike = Union[str, "os.PathLike[str]"]
#: A picture: a path, encoded bytes, a file object, a PIL image, or pixels of shape (height, width) gray or
#: (height, width, 3) RGB, uint8.
ImageLike = Union[PathLike, bytes, bytearray, memoryview, IO[bytes], npt.NDArray[np.uint8], Any]


@dataclass(frozen=True)
class Look:
    """One model that ran.

    Attributes
    ----------
    model : str
        Its name in the zoo.
    class_id : int
        The class that it found most probable.
    confidence : float
        The probability of that class, 0 to 1.
    ms : float
        Milliseconds of preprocessing and inference.
    joules : float
        NaN where energy is not measured.
    """

    model: str
    class_id: int
    confidence: float
    ms: float
    joules: float


class Result:
    """The answer for one picture, how it was reached, and what it took."""

    __slots__ = ("_core",)

    def __init__(self, found: Any) -> None:
        self._core = found

    @property
    def label(self) -> str:
        """Name of the best class; its number where classes have no names; ``"none"`` where there is no answer."""
        return str(self._core.label)

    @property
    def class_id(self) -> int:
        """Number of the best class, -1 where there is no answer."""
        return int(self._core.class_id)

    @property
    def confidence(self) -> float:
        """Probability of the best class, 0 to 1; NaN where there is no answer."""
        return float(self._core.confidence)

    @property
    def classes(self) -> list[tuple[int, float]]:
        """The most probable classes, at most 16, best first: (class, probability)."""
        return list(self._core.classes)

    @property
    def looks(self) -> list[Look]:
        """The models that ran, in their order."""
        return [Look(*each) for each in self._core.looks]

    @property
    def model(self) -> str:
        """Whose answer it is; empty where several were combined, and where there is none."""
        return str(self._core.model)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds that the caller waited: decoding, features, decisions and looks."""
        return float(self._core.elapsed_ms)

    @property
    def refused(self) -> bool:
        """Whether there is no answer."""
        return bool(self._core.refused)

    @property
    def limit(self) -> str:
        """What kept the policy from running the model that it wanted: ``"latency"``, ``"energy"``, or nothing."""
        return str(self._core.limit)

    @property
    def certified(self) -> bool:
        """Whether the policy's guarantee covers this answer."""
        return bool(self._core.certified)

    @property
    def remark(self) -> str:
        """What was odd about the picture's file, though it could be read; mostly nothing."""
        return str(self._core.remark)

    def explain(self) -> str:
        """Why the policy acted as it did, a line for each step.

        Empty for results of several pictures at once, unless they were made with ``explain=True``.
        """
        return "\n".join(_line(what, values) for what, values in self._core.trace or [])

    def __repr__(self) -> str:
        if self.refused:
            return f"Result(refused, limit={self.limit!r}, elapsed_ms={self.elapsed_ms:.3g})"
        chain = " > ".join(look.model for look in self.looks)
        return f"Result({self.label!r}, confidence={self.confidence:.3f}, looks={chain!r}, elapsed_ms={self.elapsed_ms:.3g})"

    def _repr_html_(self) -> str:
        from triage.plots import chain_svg

        looks = self.looks
        picture = chain_svg([(look.model, look.confidence, look.ms) for look in looks])
        head = "refused" if self.refused else f"{html.escape(self.label)} &nbsp;{100 * self.confidence:.1f} %"
        return f"<div><b>{head}</b>, {self.elapsed_ms:.3g} ms<br>{picture}</div>"


def _line(what: str, values: Sequence[tuple[str, float]]) -> str:
    figures = ", ".join(f"{name} {value:.4g}" for name, value in values)
    return f"{what} ({figures})" if figures else what


class Classifier:
    """A policy on a zoo: which models run is decided for each picture.

    Safe for several threads at once. Copies of networks are loaded when they are first needed.

    Parameters
    ----------
    policy : Policy
        What decides.
    zoo : path or Zoo
        The manifest of the zoo, ``zoo.json``, or a zoo of callables.
    networks : mapping of str to callable, optional
        Models that a callable runs in place of the built-in engine: PyTorch, ONNX Runtime, a request to a server. It is
        given a batch as the manifest's recipe makes it and returns what the manifest says the model returns, of shape
        (n, values), or a tuple of that and embeddings.
    max_copies : int
        Copies of one network at a time; 0: one for each core.
    memory_bytes : int
        What all loaded networks may take; 0: no limit.

    Raises
    ------
    triage.Error
        PolicyError where a model of the policy is not in the zoo; ManifestError, IoError.
    """

    def __init__(
        self,
        policy: Policy,
        zoo: PathLike | Zoo,
        *,
        networks: Mapping[str, Network] | None = None,
        max_copies: int = 0,
        memory_bytes: int = 0,
    ) -> None:
        self._core = core.Classifier(policy._core, os.fspath(zoo), networks_of(zoo, networks), max_copies, memory_bytes)

    @classmethod
    def load(cls, policy: PathLike, zoo: PathLike | Zoo, **options: Any) -> Classifier:
        """From files: a policy that ``triage train`` made, and the zoo's manifest. Options are those of the class."""
        return cls(Policy.load(policy), zoo, **options)

    @property
    def policy(self) -> Policy:
        """What decides now. Setting another takes effect for calls that begin from then on."""
        return Policy(self._core.policy)

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._core.set_policy(policy._core)

    @property
    def models(self) -> list[str]:
        """Names of the zoo's models."""
        return list(self._core.models)

    def warm_up(self, copies: int = 1) -> None:
        """Loads the networks of the policy before the first picture comes."""
        self._core.warm_up(copies)

    def __call__(
        self,
        image: ImageLike | list[Any] | tuple[Any, ...],
        *,
        max_latency_ms: float = math.inf,
        max_energy_j: float = math.inf,
        mean_latency_ms: float | None = None,
        min_confidence: float = 0.0,
        price: float = math.nan,
        explain: bool | None = None,
        errors: str = "raise",
        threads: int = 0,
        progress: ProgressLike = False,
    ) -> Any:
        """Classifies a picture, or each of a list.

        Parameters
        ----------
        image : path, bytes, file object, PIL image, array, or a list or tuple of these
            Pixels are uint8 of shape (height, width) gray, or (height, width, 3) RGB; they are read in place. Alpha of PIL
            images is drawn over white.
        max_latency_ms, max_energy_j : float
            Hard caps for each picture: no model is started that may not fit.
        mean_latency_ms : float, optional
            Of a list: the mean time to meet over all of them, which are then taken one after the other.
        min_confidence : float
            Below it the policy goes on while it has a model left to ask; 0 to 1.
        price : float
            Score that a unit of cost is worth; NaN: what the policy chose.
        explain : bool, optional
            Whether `Result.explain` will be asked; so it is for single pictures, unless this says no.
        errors : {"raise", "return"}
            Of a list: whether the first picture that cannot be read raises, or its place has the exception.
        threads : int
            Of a list: pictures at once; 0: one for each core.
        progress : bool or callable
            Of a list, see `triage.progress`.

        Returns
        -------
        Result, or a list of them in the order of the pictures.
        """
        request = core.Request()
        request.max_latency_ms, request.max_energy_j = max_latency_ms, max_energy_j
        request.min_confidence, request.price = min_confidence, price
        if isinstance(image, (list, tuple)):
            request.explain = bool(explain)
            return self._many(image, request, mean_latency_ms, errors, threads, progress)
        request.explain = explain is not False
        if type(image) is np.ndarray:
            return Result(self._core.pixels(_pixels(image), request))
        source = _source(image)
        if isinstance(source, str):
            return Result(self._core.file(source, request))
        if isinstance(source, bytes):
            return Result(self._core.bytes(source, request, "image"))
        return Result(self._core.pixels(source, request))

    def _many(
        self,
        images: Iterable[Any],
        request: Any,
        mean_latency_ms: float | None,
        on_errors: str,
        threads: int,
        progress: ProgressLike,
    ) -> list[Any]:
        if on_errors not in ("raise", "return"):
            raise errors.UsageError(f"errors: {on_errors!r}, expected 'raise' or 'return'")
        sources = [_source(image) for image in images]
        found = self._core.many(sources, request, mean_latency_ms, threads, resolve(progress, "classify"))
        results: list[Any] = []
        for each in found:
            if not isinstance(each, tuple):
                results.append(Result(each))
                continue
            error = errors.class_of(each[0])(each[1])
            if on_errors == "raise":
                raise error
            results.append(error)
        return results

    def __repr__(self) -> str:
        return f"Classifier({self.policy!r}, {len(self.models)} models)"


def _pixels(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """As the core takes them: the bytes of a row side by side, rows in order. Others are copied."""
    if image.dtype != np.uint8:
        raise errors.UsageError(
            f"image: an array of {image.dtype}, expected uint8; multiply pixels from 0 to 1 by 255 and cast them"
        )
    strides = image.strides
    is_in_place = image.size > 0 and (
        (image.ndim == 2 and strides[1] == 1 and strides[0] >= image.shape[1])
        or (image.ndim == 3 and strides[2] == 1 and strides[1] == image.shape[2] and strides[0] >= image.shape[1] * strides[1])
    )
    return image if is_in_place else np.ascontiguousarray(image)


def _source(image: ImageLike) -> Any:
    """A path as text, encoded bytes, or pixels."""
    if isinstance(image, (str, os.PathLike)):
        return os.fspath(image)
    if isinstance(image, bytes):
        return image
    if isinstance(image, (bytearray, memoryview)):
        return bytes(image)
    if isinstance(image, np.ndarray):
        return _pixels(image)
    if hasattr(image, "convert") and hasattr(image, "mode"):
        return _pixels(np.asarray(_opaque(image)))
    if isinstance(image, io.IOBase) or hasattr(image, "read"):
        return bytes(image.read())
    if hasattr(image, "__array__"):
        return _pixels(np.asarray(image))
    raise errors.UsageError(
        f"image: {type(image).__name__}, expected a path, bytes, a file object, a PIL image or an array of uint8"
    )


def _opaque(image: Any) -> Any:
    """A PIL image as gray or RGB, upright as its EXIF data say, alpha drawn over white, as files are read."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in ("L", "RGB"):
        return image
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "I;16", "I", "F") else "RGB")
