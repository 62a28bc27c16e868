"""What decides: policies, their files, and choosing for rows of numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from triage import errors
from triage._native import core

PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class PriceSetting:
    """One of the settings of a policy that prices choose among.

    Attributes
    ----------
    price : float
        Score that a unit of cost is worth.
    score, cost : float
        What training expects of it on average; the score from 0 (worst) to 1 (best), the cost in `Policy.cost_unit`.
    """

    price: float
    score: float
    cost: float


@dataclass(frozen=True)
class Certificate:
    """What `calibrate` has shown of a policy.

    With probability 1 - `delta` or more, over the inputs of calibration, its mean score on inputs like them is at most
    `max_loss` (a share) below that of the model `versus`.
    """

    max_loss: float
    delta: float
    versus: str
    inputs: int
    mean_loss: float
    promise: str


class Policy:
    """A trained policy. Immutable, safe for several threads, and pickled as the bytes of its file."""

    __slots__ = ("_core", "compared")

    #: The kinds that training compared, when it chose one by itself; a list of `KindEstimate`.
    compared: list[KindEstimate]

    def __init__(self, found: Any) -> None:
        self._core = found
        self.compared = []

    @classmethod
    def load(cls, path: PathLike) -> Policy:
        """Reads a policy file. Raises IoError, PolicyError."""
        return cls(core.load_policy(os.fspath(path)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Policy:
        """From the bytes of a policy file. Raises PolicyError."""
        return cls(core.policy_of_bytes(data))

    def to_bytes(self) -> bytes:
        """The bytes of its file."""
        return bytes(self._core.to_bytes())

    def save(self, path: PathLike) -> None:
        """Writes its file, whole or not at all. Raises IoError."""
        self._core.save(os.fspath(path))

    @property
    def kind(self) -> str:
        """``single``, ``premodel``, ``selector``, ``cascade``, ``forests``, ``ladder`` or ``adaptive``."""
        return str(self._core.kind)

    @property
    def models(self) -> list[str]:
        """Names of the models that it may run; positions count in this list."""
        return list(self._core.models)

    @property
    def feature_names(self) -> list[str]:
        """The features that it reads, in their order; none for policies that only look."""
        return list(self._core.feature_names)

    @property
    def label_names(self) -> list[str]:
        """What the classes are called; empty where that is not known."""
        return list(self._core.label_names)

    @property
    def cost_unit(self) -> str:
        """What costs count in: ``"ms"``, ``"usd"``."""
        return str(self._core.cost_unit)

    @property
    def price_settings(self) -> list[PriceSetting]:
        """What a price chooses among, by falling price; none where it has no use for one."""
        return [PriceSetting(*each) for each in self._core.price_settings]

    @property
    def certificate(self) -> Certificate | None:
        """What was promised of it, if anything was."""
        found = self._core.certificate
        return None if found is None else Certificate(**found)

    @property
    def training(self) -> dict[str, str]:
        """What it was trained on and how, in sentences."""
        return dict(self._core.training)

    def choose(self, X: npt.ArrayLike, *, price: float | None = None) -> npt.NDArray[np.int32]:
        """The model that runs first on each row.

        Parameters
        ----------
        X : array of shape (n, d)
            By `feature_names`, NaN where missing. Read in place where it is float32 and row by row in memory.
        price : float, optional
            Score that a unit of cost is worth; none: what the policy chose.

        Returns
        -------
        array of shape (n,), int32
            Positions in `models`; -1 where none runs.
        """
        return np.asarray(self._core.choose(self._rows(X), price))

    def expectations(self, row: npt.ArrayLike, *, price: float | None = None) -> dict[str, tuple[float, float]]:
        """What a `forests` policy expects of each model on one row: (score from 0 to 1, cost).

        Empty for other kinds; the cost is NaN where it plays no part.
        """
        values = np.ascontiguousarray(row, dtype=np.float32).reshape(-1)
        found = self._core.expectations(values, price)
        if found is None:
            return {}
        losses, costs = found
        costs = costs or [float("nan")] * len(losses)
        return {name: (1.0 - loss, cost) for name, loss, cost in zip(self.models, losses, costs)}

    def _rows(self, X: npt.ArrayLike) -> npt.NDArray[np.float32]:
        rows = np.ascontiguousarray(X, dtype=np.float32)
        expected = len(self._core.feature_names)
        if rows.ndim != 2 or rows.shape[1] != expected:
            raise errors.UsageError(
                f"X: shape {rows.shape}, expected (n, {expected}), the features of the policy: {self._some_features()}"
            )
        return rows

    def _some_features(self) -> str:
        names = self.feature_names
        return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return Policy.from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __repr__(self) -> str:
        return f"Policy({self.kind}, {' > '.join(self.models)})"


@dataclass(frozen=True)
class KindEstimate:
    """One kind of policy that training compared, against the single best model on inputs that did not train it.

    Attributes
    ----------
    kind : str
    score_gain, score_error : float
        Mean score less that model's, a share; and its standard error.
    cost_ratio : float
        Mean cost over that model's.
    worth : float
        By which kinds are ordered: the gain less its doubt, and what is saved.
    """

    kind: str
    score_gain: float
    score_error: float
    cost_ratio: float
    worth: float
