"""The Python of the documentation is run, block after block; and what the package promises in its four first lines."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fashion_data as fashion
import numpy as np
import pytest

import triage

DOCUMENTS = ["docs/python.md", "python/README.md", "README.md"]


def blocks(document: str) -> list[tuple[int, str]]:
    """Line of the first line, and text, of each block that says it is Python."""
    text = (fashion.ROOT / document).read_text(encoding="utf-8")
    found = re.finditer(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, match.start(1)) + 1, match.group(1)) for match in found]


def test_every_block_is_found() -> None:
    assert len(blocks("docs/python.md")) > 10 and len(blocks("python/README.md")) == 1


@functools.cache
def digits() -> tuple[Any, ...]:
    """Inputs, classes, and two models that were trained on the first 800."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    X, y = load_digits(return_X_y=True)
    small = LogisticRegression(C=0.01, max_iter=1000).fit(X[:800], y[:800])
    return X, y, small, CalibratedClassifierCV(SVC(), ensemble=False).fit(X[:800], y[:800])


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A folder with policy, zoo and photograph; and names that a reader has of their own."""
    fashion.need_pictures()
    for package in ("sklearn", "pandas", "onnxruntime", "matplotlib"):
        pytest.importorskip(package)
    image = pytest.importorskip("PIL.Image")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    for file in fashion.ZOO.parent.glob("*.*"):
        (tmp_path / file.name).symlink_to(file)
    fashion.cascade_policy().save("policy.triage")
    image.fromarray(255 - fashion.pictures()[0]).save("photo.jpg")
    X, y, small, large = digits()
    names = {
        "IMAGES": str(fashion.IMAGES),
        "image": fashion.pictures()[0],
        "small": small,
        "large": large,
        "X_labelled": X[800:1300],
        "y": y[800:1300],
        "X": X[1300:],
        "frame": outcomes(),
        "df": outcomes(),
    }
    yield names
    names.clear()  # classifiers and the functions that they call hold one another


def outcomes() -> Any:
    """A long frame of 60 inputs by two models: the dear one is right where the cheap one is not sure."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    hard = rng.random(60) < 0.4
    rows = []
    for i in range(60):
        for model, right, usd in (("small", not hard[i], 0.1), ("large", rng.random() < 0.95, 1.0)):
            rows.append({"id": f"q{i:03}", "model": model, "score": float(right), "usd": usd, "length": 10.0 + 50 * hard[i]})
    return pandas.DataFrame(rows)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documentation_runs(document: str, surroundings: dict[str, Any]) -> None:
    for line, text in blocks(document):
        padded = "\n" * (line - 1) + text  # so that a traceback names the document's line
        exec(compile(padded, document, "exec"), surroundings)


def test_a_classifier_takes_what_a_picture_can_be(surroundings: dict[str, Any]) -> None:
    from PIL import Image

    clf = triage.Classifier.load("policy.triage", "zoo.json")
    photo = Path("photo.jpg")
    with Image.open(photo) as opened, photo.open("rb") as file:
        pixels = np.asarray(opened)
        given = ["photo.jpg", photo, photo.read_bytes(), file, opened, pixels]
        answers = [clf(each).label for each in given] + [r.label for r in clf([str(photo), pixels])]
    assert len(set(answers)) == 1
    r = clf(surroundings["image"], max_latency_ms=1000)
    assert r.label and 0 < r.confidence <= 1 and r.looks and r.explain()
    assert "<svg" in r._repr_html_()


def test_a_cascade_of_callables(surroundings: dict[str, Any]) -> None:
    small, large, X = (surroundings[name] for name in ("small", "large", "X"))
    cascade = triage.Cascade({"small": small.predict_proba, "large": large.predict_proba}, costs={"small": 1, "large": 20})
    cascade.fit(surroundings["X_labelled"], surroundings["y"])
    assert set(cascade.predict(X)) <= set(range(10))
    assert cascade.decide(X).costs.mean() < 20
    assert cascade.frontier_.plot().get_xlabel() == "mean cost, cost"


def test_outcomes_that_are_already_there(surroundings: dict[str, Any]) -> None:
    t = triage.Table.from_frame(surroundings["df"], input="id", model="model", score="score", cost="usd")
    assert t.models == ["small", "large"] or t.models == ["large", "small"]
    assert t.feature_names == ["length"] and t.cost_unit == "usd"
    policy = triage.train(t)
    ev = triage.evaluate(t, cv=10)
    assert ev.verdict and len(ev.frame()) > 2 and ev.to_html().startswith("<!")
    assert policy.models


def test_a_promise(surroundings: dict[str, Any]) -> None:
    t = triage.Table.from_frame(surroundings["df"], input="id", model="model", score="score", cost="usd")
    learning, held_out = t.split(0.5)
    found = triage.calibrate(triage.train(learning, "forests"), held_out, max_loss=0.01)
    # 30 inputs are too few for a promise of one point, and that is said.
    assert found.policy is None and found.inputs_needed > 30 and found.verdict
