"""Policies, training, evaluation, calibration, and their agreement with the command line."""

from __future__ import annotations

import copy
import json
import pathlib
import pickle
import subprocess

import numpy as np
import pytest

import triage
from conftest import SOURCE
from triage import errors
from triage._native import core

TOOL = SOURCE / "build/release/triage"


def test_every_error_has_its_class() -> None:
    for name in core.error_names():
        assert errors.class_of(name).code == name
    assert issubclass(triage.UsageError, ValueError) and issubclass(triage.IoError, OSError)


def test_policies_are_their_bytes(policy: triage.Policy, tmp_path: pathlib.Path) -> None:
    policy.save(tmp_path / "p.triage")
    assert (tmp_path / "p.triage").read_bytes() == policy.to_bytes()
    for other in (
        triage.Policy.load(tmp_path / "p.triage"),
        triage.Policy.from_bytes(policy.to_bytes()),
        pickle.loads(pickle.dumps(policy)),
        copy.deepcopy(policy),
    ):
        assert other == policy and hash(other) == hash(policy) and other.kind == "cascade"
    with pytest.raises(triage.PolicyError):
        triage.Policy.from_bytes(policy.to_bytes()[:-1])
    with pytest.raises(triage.IoError):
        triage.Policy.load(tmp_path / "nothing.triage")


def test_training_is_that_of_the_command_line(
    profile: pathlib.Path, table: triage.Table, tmp_path: pathlib.Path
) -> None:
    if not TOOL.exists():
        pytest.skip(f"{TOOL} is not built")
    for kind in ("adaptive", "cascade", "single:cnn_small"):
        out = tmp_path / f"{kind.replace(':', '_')}.triage"
        subprocess.run([TOOL, "train", profile, "--policy", kind, "-o", out], check=True, capture_output=True)
        assert triage.train(table, kind, progress=False).to_bytes() == out.read_bytes(), kind


def test_training_by_itself_says_what_it_compared(table: triage.Table) -> None:
    policy = triage.train(table, progress=False)
    assert "single best model" in [each.kind for each in policy.compared]
    assert all(each.cost_ratio > 0 for each in policy.compared)
    assert policy.training["inputs"].startswith("600")


def test_what_training_refuses(table: triage.Table) -> None:
    with pytest.raises(triage.UsageError, match="'magic', expected auto"):
        triage.train(table, "magic")
    with pytest.raises(triage.UsageError, match="no model 'nobody'.*linear"):
        triage.train(table, "single:nobody")
    with pytest.raises(triage.UsageError, match="criterion"):
        triage.train(table, "cascade", criterion="top3")
    with pytest.raises(triage.UsageError):
        triage.train(table, "forests")  # of images there are no foreign features


def test_evaluation_is_that_of_the_command_line(profile: pathlib.Path, table: triage.Table) -> None:
    ours = triage.evaluate(table, cv=3, bootstrap=100, progress=False)
    if not TOOL.exists():
        pytest.skip(f"{TOOL} is not built")
    command = [TOOL, "evaluate", profile, "--cv", "3", "--bootstrap", "100", "--json"]
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    def scores(data: dict[str, object]) -> dict[str, float]:
        return {m["name"]: m["pooled"]["score"] for m in data["methods"]}  # type: ignore[attr-defined, index]
    assert scores(ours.data) == scores(theirs)


def test_evaluation_as_frames_pages_and_pictures(table: triage.Table, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pandas")
    evaluation = triage.evaluate(table, cv=3, bootstrap=100, progress=False)
    frame = evaluation.frame()
    scores = table.scores().mean(axis=0)
    for name, score in zip(table.models, scores):
        assert frame.loc[name, "score"] == pytest.approx(score, abs=1e-6)
        assert frame.loc[name, "score_low"] <= score <= frame.loc[name, "score_high"]
    assert set(evaluation.frame("folds")["fold"]) == {0, 1, 2}
    assert {"cost", "score", "price"} <= set(evaluation.frame("frontiers").columns)
    assert evaluation.verdict.split(":")[0] in str(evaluation).replace("\n", " ").replace("  ", " ")
    assert evaluation.to_html().startswith("<!doctype html>") or "<html" in evaluation.to_html()[:200]
    evaluation.save_html(tmp_path / "report.html")
    assert "srcdoc" in evaluation._repr_html_()
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    assert evaluation.plot().get_xlabel() == "mean cost, ms"
    with pytest.raises(triage.UsageError, match="'tables'"):
        evaluation.frame("tables")
    with pytest.raises(triage.UsageError, match="cv"):
        triage.evaluate(table, cv="ten")
    with pytest.raises(triage.UsageError):
        triage.evaluate(table, cv=1)


def test_finished_policies_are_judged(table: triage.Table) -> None:
    first, second = table.split(0.5, seed=1)
    assert len(first) + len(second) == len(table)
    policies = {"mine": triage.train(first, "cascade", progress=False)}
    evaluation = triage.evaluate(second, policies, bootstrap=0, progress=False)
    assert "mine" in [method["name"] for method in evaluation.data["methods"]]
    with pytest.raises(triage.UsageError, match="built-in"):
        triage.evaluate(second, {"SBS": policies["mine"]}, progress=False)


def test_calibration(table: triage.Table) -> None:
    first, second = table.split(0.5, seed=1)
    policy = triage.train(first, "adaptive", progress=False)
    found = triage.calibrate(policy, second, max_loss=0.2, delta=0.1, progress=False)
    assert found.policy is not None and found.policy.certificate is not None
    assert found.policy.certificate.max_loss == 0.2
    assert "20.00 points" in found.policy.certificate.promise
    assert found.steps[0]["passed"] and found.inputs == len(second)
    too_much = triage.calibrate(policy, second, max_loss=1e-6, progress=False)
    assert too_much.policy is None and not too_much.steps[0]["passed"]
    with pytest.raises(triage.UsageError):
        triage.calibrate(policy, first, progress=False)  # it was trained on all of them
    with pytest.raises(triage.UsageError, match="max loss 2, expected"):
        triage.calibrate(policy, second, max_loss=2, progress=False)


def test_progress_ends_at_all_and_its_errors_end_the_work(table: triage.Table) -> None:
    seen: list[tuple[int, int]] = []
    triage.evaluate(table, cv=3, bootstrap=0, progress=lambda done, total, what: seen.append((done, total)))
    assert seen and seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def fails(done: int, total: int, what: str) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        triage.evaluate(table, cv=3, bootstrap=0, progress=fails)


def test_choosing_for_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((400, 3)).astype(np.float32)
    better = x[:, 0] > 0.5
    frame = {
        "id": np.arange(400), "a": x[:, 0], "b": x[:, 1], "c": x[:, 2],
        "left:score": (~better).astype(float), "left:usd": np.ones(400),
        "right:score": better.astype(float), "right:usd": np.ones(400),
    }  # fmt: skip
    policy = triage.train(triage.Table.from_frame(frame), "forests", progress=False)
    assert policy.feature_names == ["a", "b", "c"] and policy.cost_unit == "usd"
    fresh = rng.random((1000, 3)).astype(np.float32)
    fresh = fresh[np.abs(fresh[:, 0] - 0.5) > 0.05]
    chosen = np.asarray(policy.models)[policy.choose(fresh)]
    assert (chosen == np.where(fresh[:, 0] > 0.5, "right", "left")).mean() > 0.99
    assert (policy.choose(fresh.astype(np.float64)) == policy.choose(fresh)).all()
    expected = policy.expectations(fresh[0])
    assert max(expected, key=lambda name: expected[name][0]) == chosen[0]
    with pytest.raises(triage.UsageError, match=r"shape \(4, 2\), expected \(n, 3\).*a, b, c"):
        policy.choose(np.zeros((4, 2)))
    with pytest.raises(triage.UsageError, match="price"):
        policy.choose(fresh, price=-1)
