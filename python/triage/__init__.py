"""Triage decides, for each input, which of several trained models to run, whether to run another, and when to stop.

>>> import triage
>>> classifier = triage.Classifier.load("policy.triage", "zoo.json")
>>> result = classifier("photo.jpg")
>>> result.label, result.confidence, result.looks
"""

from typing import TYPE_CHECKING

from triage._native import core as _core
from triage.cascade import Cascade, Decisions, run_policy
from triage.classifier import Classifier, Look, Result
from triage.errors import (
    DataError,
    EngineError,
    Error,
    ImageError,
    IoError,
    ManifestError,
    ModelError,
    PolicyError,
    ProfileError,
    UsageError,
)
from triage.learning import Calibration, Evaluation, calibrate, evaluate, train
from triage.plots import Frontier
from triage.policy import Certificate, KindEstimate, Policy, PriceSetting
from triage.profiling import ProfileSummary, merge, profile
from triage.table import Table
from triage.zoo import Network, OwnModel, Recipe, Zoo

if TYPE_CHECKING:
    from triage.estimators import AlgorithmSelector, CascadeClassifier, SelectorClassifier

__version__: str = _core.version

__all__ = [
    "AlgorithmSelector",
    "Calibration",
    "Cascade",
    "CascadeClassifier",
    "Certificate",
    "Classifier",
    "DataError",
    "Decisions",
    "EngineError",
    "Error",
    "Evaluation",
    "Frontier",
    "ImageError",
    "IoError",
    "KindEstimate",
    "Look",
    "ManifestError",
    "ModelError",
    "Network",
    "OwnModel",
    "Policy",
    "PolicyError",
    "PriceSetting",
    "ProfileError",
    "ProfileSummary",
    "Recipe",
    "Result",
    "SelectorClassifier",
    "Table",
    "UsageError",
    "Zoo",
    "calibrate",
    "evaluate",
    "merge",
    "profile",
    "run_policy",
    "train",
]


def __getattr__(name: str) -> object:
    # scikit-learn is loaded when its estimators are first asked for.
    if name in ("CascadeClassifier", "SelectorClassifier", "AlgorithmSelector"):
        from triage import estimators

        return getattr(estimators, name)
    if name == "ray":
        import importlib

        return importlib.import_module("triage.ray")
    raise AttributeError(f"module 'triage' has no attribute {name!r}")
