"""Pictures in every form that people have them, budgets, explanations."""

from __future__ import annotations

import io
import math
import pathlib
from typing import Any

import numpy as np
import pytest

import triage
from conftest import ZOO


@pytest.fixture(scope="module")
def classifier(policy: triage.Policy) -> triage.Classifier:
    return triage.Classifier(policy, ZOO)


def png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_every_form_of_a_picture_has_the_same_answer(
    classifier: triage.Classifier, images: np.ndarray, tmp_path: pathlib.Path
) -> None:
    from PIL import Image

    pixels = images[3]
    encoded = png(pixels)
    path = tmp_path / "shoe.png"
    path.write_bytes(encoded)
    wide = np.zeros((28, 60), np.uint8)
    wide[:, 10:38] = pixels
    forms: dict[str, Any] = {
        "array": pixels,
        "one channel": pixels[:, :, None],
        "rows apart": wide[:, 10:38],
        "columns first": np.asfortranarray(pixels),
        "rgb": np.repeat(pixels[:, :, None], 3, axis=2),
        "PIL": Image.fromarray(pixels),
        "PIL with a palette": Image.fromarray(pixels).convert("P"),
        "bytes": encoded,
        "bytearray": bytearray(encoded),
        "memoryview": memoryview(encoded),
        "file": io.BytesIO(encoded),
        "path": path,
        "text": str(path),
    }
    wanted = classifier(pixels)
    for name, form in forms.items():
        got = classifier(form)
        assert (got.class_id, got.label) == (wanted.class_id, wanted.label), name
        assert got.confidence == pytest.approx(wanted.confidence, abs=1e-4), name
        assert [look.model for look in got.looks] == [look.model for look in wanted.looks], name
    forms["file"].seek(0)
    together = classifier(list(forms.values()), threads=1)
    assert [each.class_id for each in together] == [wanted.class_id] * len(forms)


def test_alpha_is_drawn_over_white(classifier: triage.Classifier) -> None:
    from PIL import Image

    clear = Image.new("RGBA", (28, 28), (0, 0, 0, 0))
    assert classifier(clear).classes == classifier(np.full((28, 28, 3), 255, np.uint8)).classes


def test_pixels_are_read_in_place() -> None:
    from triage.classifier import _pixels

    batch = np.zeros((5, 40, 30, 3), np.uint8)
    for view in (batch[2], batch[2][::1, 5:25], batch[2][::2], np.zeros((40, 30), np.uint8)[3:9, 4:7]):
        assert np.shares_memory(_pixels(view), view)
    for view in (batch[2][:, ::2], batch[2][::-1], batch[2].transpose(1, 0, 2), batch[2][:, :, ::-1]):
        assert not np.shares_memory(_pixels(view), view)


def test_results_say_how_they_were_reached(classifier: triage.Classifier, images: np.ndarray) -> None:
    result = classifier(images[0])
    assert result.looks and result.looks[0].ms > 0
    assert result.classes[0] == (result.class_id, pytest.approx(result.confidence))
    assert sum(p for _, p in result.classes) == pytest.approx(1, abs=1e-3)
    assert result.explain().count("\n") + 1 == len(result.looks)
    assert not result.refused and result.limit == "" and result.elapsed_ms > 0
    assert result.label in repr(result) and "<svg" in result._repr_html_()
    assert classifier(images[0], explain=False).explain() == ""
    assert classifier([images[0]])[0].explain() == ""
    assert classifier([images[0]], explain=True)[0].explain() != ""


def test_caps_are_held(classifier: triage.Classifier, images: np.ndarray) -> None:
    refused = classifier(images[0], max_latency_ms=1e-9)
    assert refused.refused and refused.limit == "latency" and refused.class_id == -1
    assert math.isnan(refused.confidence) and "refused" in repr(refused)
    # No confidence is enough: every model is asked.
    assert len(classifier(images[0], min_confidence=1).looks) == len(classifier.policy.models)
    with pytest.raises(triage.UsageError, match="min_confidence"):
        classifier(images[0], min_confidence=2)
    with pytest.raises(ValueError, match="max_energy_j"):
        classifier(images[0], max_energy_j=1)


def test_what_is_no_picture_is_refused(classifier: triage.Classifier, tmp_path: pathlib.Path) -> None:
    with pytest.raises(triage.ImageError) as caught:
        classifier(b"not a picture")
    assert caught.value.code == "image_format"
    with pytest.raises(OSError, match="missing.png") as missing:
        classifier(tmp_path / "missing.png")
    assert missing.value.code == "io"
    with pytest.raises(triage.UsageError, match="float64.*uint8"):
        classifier(np.zeros((28, 28)))
    with pytest.raises(triage.UsageError, match=r"\(28, 28, 4\)"):
        classifier(np.zeros((28, 28, 4), np.uint8))
    with pytest.raises(triage.UsageError, match=r"\(0, 5\)"):
        classifier(np.zeros((0, 5), np.uint8))
    with pytest.raises(triage.UsageError, match="int, expected a path"):
        classifier(7)


def test_one_bad_picture_of_many(classifier: triage.Classifier, images: np.ndarray) -> None:
    batch = [images[0], b"junk", images[1]]
    with pytest.raises(triage.ImageError, match=r"images\[1\]"):
        classifier(batch)
    got = classifier(batch, errors="return")
    assert isinstance(got[1], triage.ImageError)
    assert [got[0].class_id, got[2].class_id] == [classifier(images[0]).class_id, classifier(images[1]).class_id]
    with pytest.raises(triage.UsageError, match="'ignore'"):
        classifier(batch, errors="ignore")
    assert classifier([]) == []


def test_progress_of_many(classifier: triage.Classifier, images: np.ndarray) -> None:
    seen: list[tuple[int, int]] = []
    classifier(list(images[:40]), progress=lambda done, total, what: seen.append((done, total)))
    assert seen[-1] == (40, 40)


def test_another_policy_takes_over(policy: triage.Policy, table: triage.Table, images: np.ndarray) -> None:
    classifier = triage.Classifier(policy, ZOO)
    classifier.policy = triage.train(table, "single:linear", progress=False)
    assert [look.model for look in classifier(images[0]).looks] == ["linear"]
    assert classifier.policy.kind == "single"


def test_a_policy_that_does_not_fit(policy: triage.Policy, tmp_path: pathlib.Path) -> None:
    with pytest.raises(triage.IoError, match="nothing.json"):
        triage.Classifier(policy, tmp_path / "nothing.json")
    (tmp_path / "zoo.json").write_text("{}")
    with pytest.raises(triage.ManifestError):
        triage.Classifier(policy, tmp_path / "zoo.json")
    with pytest.raises(triage.UsageError, match="'nobody' is not in the zoo"):
        triage.Classifier(policy, ZOO, networks={"nobody": lambda batch: batch})
