"""Models that callables run: the same decisions as the built-in engine's, and clear errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fashion_data as fashion
import numpy as np
import pytest

import triage

N = 300
Run = Callable[[np.ndarray], Any]


@pytest.fixture(autouse=True)
def _pictures() -> None:
    fashion.need_pictures()


def by_onnxruntime(name: str, *, embedding: bool = False) -> Run:
    """The zoo's networks take one picture at a time."""
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(fashion.ZOO.parent / f"{name}.onnx", options, providers=["CPUExecutionProvider"])

    def run(batch: np.ndarray) -> Any:
        outputs = [session.run(None, {"image": picture[None]}) for picture in batch]
        logits = np.concatenate([each[0] for each in outputs])
        if embedding and len(outputs[0]) > 1:
            return logits, np.concatenate([each[1] for each in outputs])
        return logits

    return run


def constants(name: str) -> dict[str, np.ndarray]:
    """Weights of one of the zoo's models, by their names in its file."""
    import openvino

    model = openvino.Core().read_model(fashion.ZOO.parent / f"{name}.onnx")
    return {op.get_friendly_name(): op.data for op in model.get_ordered_ops() if op.get_type_name() == "Constant"}


def by_numpy(name: str) -> Run:
    """`linear` and `mlp` in a few lines."""
    found = constants(name)
    layers = [(found[f"{layer}.weight"], found[f"{layer}.bias"]) for layer in ("features.1", "head") if f"{layer}.weight" in found]

    def run(batch: np.ndarray) -> np.ndarray:
        values = batch.reshape(len(batch), -1)
        for i, (weight, bias) in enumerate(layers):
            values = values @ weight.T + bias
            if i + 1 < len(layers):
                values = np.maximum(values, 0)
        return values

    return run


def by_torch(name: str) -> Run:
    torch = pytest.importorskip("torch")
    found = constants(name)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    for layer, key in ((network[1], "features.1"), (network[3], "head")):
        layer.weight.data = torch.tensor(found[f"{key}.weight"])
        layer.bias.data = torch.tensor(found[f"{key}.bias"])

    def run(batch: np.ndarray) -> Any:
        with torch.inference_mode():
            return network(torch.from_numpy(batch))

    return run


def decisions(classifier: triage.Classifier, **request: Any) -> list[tuple[Any, ...]]:
    found = classifier(list(fashion.pictures()[-N:]), explain=True, **request)
    return [(r.label, r.limit, r.refused, [look.model for look in r.looks]) for r in found]


def steps(explanation: str) -> list[str]:
    """Without the figures, whose last digits are the engine's."""
    return [line.split(" (")[0] for line in explanation.splitlines()]


@pytest.mark.parametrize("kind", ["cascade", "adaptive", "premodel"])
def test_onnxruntime_decides_as_the_built_in_engine_does(kind: str) -> None:
    policy = triage.train(fashion.profiled(), kind, progress=False)
    networks = {name: by_onnxruntime(name, embedding=True) for name in policy.models}
    built_in = triage.Classifier(policy, fashion.ZOO)
    own = triage.Classifier(policy, fashion.ZOO, networks=networks)
    assert decisions(own) == decisions(built_in)
    for picture in fashion.pictures()[-20:]:
        a, b = own(picture), built_in(picture)
        assert steps(a.explain()) == steps(b.explain()) and steps(a.explain())
        np.testing.assert_allclose([look.confidence for look in a.looks], [look.confidence for look in b.looks], atol=1e-4)


def test_budgets_hold_for_callables() -> None:
    policy = fashion.cascade_policy()
    own = triage.Classifier(policy, fashion.ZOO, networks={name: by_onnxruntime(name) for name in policy.models})
    built_in = triage.Classifier(policy, fashion.ZOO)
    nothing_fits = decisions(own, max_latency_ms=1e-6)
    assert nothing_fits == decisions(built_in, max_latency_ms=1e-6)
    assert all(limit == "latency" and refused and not looks for _, limit, refused, looks in nothing_fits)
    assert decisions(own, min_confidence=1.0) == decisions(built_in, min_confidence=1.0)
    assert decisions(own, max_latency_ms=1e6) == decisions(built_in)


def test_profiling_with_callables_records_the_same_answers(tmp_path: Path) -> None:
    tables = []
    for name, networks in (("built_in", None), ("own", {name: by_onnxruntime(name) for name in fashion.MODELS})):
        out = tmp_path / f"{name}.profile"
        done = triage.profile(
            fashion.ZOO, fashion.IMAGES, out, models=fashion.MODELS, networks=networks, range=(0, 100), progress=False
        )
        assert (done.done, done.failed) == (100, 0)
        tables.append(triage.Table.load(out))
    a, b = tables
    assert a.models == b.models and a.ids == b.ids
    np.testing.assert_array_equal(a.answers(), b.answers())
    np.testing.assert_array_equal(a.scores(), b.scores())
    np.testing.assert_allclose(a.confidences(), b.confidences(), atol=1e-4)


@pytest.mark.parametrize("make, name", [(by_numpy, "linear"), (by_numpy, "mlp"), (by_torch, "mlp")])
def test_one_model_of_several_by_a_callable(make: Callable[[str], Run], name: str) -> None:
    policy = fashion.cascade_policy()
    alone = triage.train(fashion.profiled(), f"single:{name}", progress=False)
    for each in (policy, alone):
        own = triage.Classifier(each, fashion.ZOO, networks={name: make(name)})
        assert decisions(own) == decisions(triage.Classifier(each, fashion.ZOO))


def test_the_batch_is_what_the_recipe_makes() -> None:
    given: list[np.ndarray] = []

    def run(batch: np.ndarray) -> np.ndarray:
        given.append(batch)  # may be kept
        return np.zeros((len(batch), 10))

    policy = triage.train(fashion.profiled(), "single:linear", progress=False)
    classifier = triage.Classifier(policy, fashion.ZOO, networks={"linear": run})
    for picture in fashion.pictures()[:2]:
        classifier(picture)
    for batch, picture in zip(given[-2:], fashion.pictures()):
        assert batch.shape == (1, 1, 28, 28) and batch.dtype == np.float32
        np.testing.assert_allclose(batch[0, 0], (picture.astype(np.float32) - 72.9) / 90, atol=1e-5)


def fails(_: np.ndarray) -> np.ndarray:
    raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(
    "run, message",
    [
        (fails, "model 'linear': its callable failed: ZeroDivisionError: division by zero"),
        (lambda b: np.zeros(10), r"model 'linear': its callable gave an array of shape \(10,\), expected \(1, values\)"),
        (lambda b: np.zeros((2, 10)), r"gave an array of shape \(2, 10\), expected \(1, values\), a row for each input"),
        (lambda b: np.zeros((1, 9)), "gave 9 values for each input, expected 10, as the manifest says"),
        (lambda b: np.full((1, 10), np.nan), "model 'linear': its callable gave NaN, expected numbers"),
        (lambda b: np.full((1, 10), np.inf), "gave inf, expected numbers"),
        (lambda b: (np.zeros((1, 10)), np.zeros(3)), r"gave an array of shape \(3,\), expected \(1, values\)"),
        (lambda b: (np.zeros((1, 10)),), r"gave a tuple of 1, expected values, or \(values, embeddings\)"),
        (lambda b: "dress", "model 'linear': its callable failed: ValueError: could not convert string"),
        (None, "model 'linear': its callable failed: TypeError: 'NoneType' object is not callable"),
    ],
)
def test_what_a_callable_does_wrong_is_said(run: Run, message: str) -> None:
    policy = triage.train(fashion.profiled(), "single:linear", progress=False)
    classifier = triage.Classifier(policy, fashion.ZOO, networks={"linear": run})
    with pytest.raises(triage.EngineError, match=message):
        classifier(fashion.pictures()[0])
    with pytest.raises(triage.EngineError, match=message):  # no fault of a picture, so it is not returned
        classifier(list(fashion.pictures()[:2]), errors="return")


def test_profiling_says_what_failed(tmp_path: Path) -> None:
    seen: list[int] = []

    def sometimes(batch: np.ndarray) -> np.ndarray:
        seen.append(len(batch))
        if len(seen) % 5 == 0:
            raise OSError("the server is away")
        return np.zeros((len(batch), 10))

    done = triage.profile(
        fashion.ZOO,
        fashion.IMAGES,
        tmp_path / "it.profile",
        models=["linear"],
        networks={"linear": sometimes},
        range=(0, 20),
        progress=False,
    )
    assert 0 < done.failed < 20 and done.done == 20
    assert len(triage.Table.load(tmp_path / "it.profile")) == 20 - done.failed


def test_a_name_that_the_zoo_lacks() -> None:
    with pytest.raises(triage.UsageError, match="networks: 'lenear' is not in the zoo, expected some of linear_coarse, linear"):
        triage.Classifier(fashion.cascade_policy(), fashion.ZOO, networks={"lenear": fails})


def own_zoo(folder: Path, version: str = "1") -> triage.Zoo:
    recipe = triage.Recipe(28, 28, colour="gray", mean=72.9, scale=90.0)
    models = {name: triage.OwnModel(by_numpy(name), recipe, output="logits", version=version) for name in ("linear", "mlp")}
    names = (fashion.ZOO.parent / "labels.txt").read_text().split("\n")[:10]
    return triage.Zoo(folder, models, names)


def test_a_zoo_without_any_model_file(tmp_path: Path) -> None:
    zoo = own_zoo(tmp_path / "zoo")
    triage.profile(zoo, fashion.IMAGES, tmp_path / "it.profile", range=(0, fashion.N_PROFILED), progress=False)
    table = triage.Table.load(tmp_path / "it.profile")
    same = [fashion.profiled().models.index(name) for name in table.models]
    np.testing.assert_array_equal(table.answers(), fashion.profiled().answers()[:, same])

    policy = triage.train(table, "cascade", progress=False)
    first = triage.Classifier(policy, zoo)
    again = triage.Classifier(policy, own_zoo(tmp_path / "zoo"))  # as another process makes it
    assert decisions(first) == decisions(again)
    assert {label for label, *_ in decisions(first)} <= set(table.label_names)


def test_other_weights_are_other_models(tmp_path: Path) -> None:
    triage.profile(own_zoo(tmp_path / "one"), fashion.IMAGES, tmp_path / "it.profile", range=(0, 60), progress=False)
    policy = triage.train(triage.Table.load(tmp_path / "it.profile"), "single:mlp", progress=False)
    with pytest.raises(triage.PolicyError, match="mlp"):
        triage.Classifier(policy, own_zoo(tmp_path / "two", version="2"))


def test_zoos_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "zoo.json").write_bytes(fashion.ZOO.read_bytes())
    with pytest.raises(triage.UsageError, match="is of a zoo with model files, expected a folder of its own; name another"):
        own_zoo(tmp_path)
    with pytest.raises(triage.UsageError, match="models: none"):
        triage.Zoo(tmp_path / "other", {}, 10)


def test_recipes_are_checked_when_a_zoo_is_used(tmp_path: Path) -> None:
    zoo = triage.Zoo(tmp_path, {"linear": triage.OwnModel(fails, triage.Recipe(0, 28))}, 10)
    with pytest.raises(triage.ManifestError, match=r"models\[0\].input.width: found 0"):
        triage.profile(zoo, fashion.IMAGES, tmp_path / "it.profile", range=(0, 10), progress=False)
