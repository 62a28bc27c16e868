"""tools/quantize.py without NNCF: what it reads, computes and writes, with the quantization itself replaced."""

import argparse
import hashlib
import importlib.util
import json
import sys
import tempfile
import types
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

for name in ("nncf", "openvino", "skimage", "sklearn"):  # loaded by the tool, not needed here
    module = types.ModuleType(name)
    module.__file__, module.__version__ = f"/nowhere/{name}/__init__.py", "0"
    module.Model = object
    sys.modules[name] = module
spec = importlib.util.spec_from_file_location(
    "quantize", Path(__file__).resolve().parents[2] / "tools" / "quantize.py")
quantize = importlib.util.module_from_spec(spec)
spec.loader.exec_module(quantize)


def entry(name: str, **changes: object) -> dict:
    recipe = {"width": 2, "height": 1, "layout": "nchw", "type": "f32", "colour": "rgb"}
    return {"name": name, "files": [{"path": "net.onnx", "sha256": "0" * 64}], "input": recipe} | changes


class Tensors(unittest.TestCase):
    image = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))

    def test_layouts_colours_and_scales(self) -> None:
        recipe = entry("a")["input"]
        nchw = quantize.tensor_of(self.image, recipe | {"mean": [1, 1, 1], "scale": [1, 2, 4]})
        np.testing.assert_array_equal(nchw, np.float32([[[[0, 3]], [[0.5, 2]], [[0.5, 1.25]]]]))
        nhwc = quantize.tensor_of(self.image, recipe | {"layout": "nhwc", "colour": "bgr"})
        np.testing.assert_array_equal(nhwc, np.float32([[[[3, 2, 1], [6, 5, 4]]]]))
        self.assertEqual(quantize.tensor_of(self.image, recipe | {"colour": "gray"}).shape, (1, 1, 1, 2))

    def test_the_middle_is_cut_out(self) -> None:
        wide = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4))
        cut = quantize.tensor_of(wide, entry("a")["input"] | {"crop": "center:0.5", "width": 2, "height": 2})
        np.testing.assert_array_equal(cut[0, 0], [[5, 6], [9, 10]])


    def test_pictures_are_resized_as_the_recipe_says(self) -> None:
        line = Image.fromarray(np.array([[0, 0, 0, 100, 100, 200, 200, 200]], np.uint8))

        def resized(**changes: object) -> list:
            recipe = entry("a")["input"] | {"colour": "gray", "width": 2} | changes
            return quantize.tensor_of(line, recipe)[0, 0, 0].tolist()

        self.assertEqual(resized(), [25, 175])  # by size: it shrinks, so the means of four pixels each
        self.assertEqual(resized(resampling="area"), [25, 175])
        self.assertEqual(resized(resampling="bilinear"), [0, 200])  # between pixels 1 and 2, and 5 and 6
        self.assertNotEqual(resized(resampling="bilinear_antialias"), [0, 200])
        self.assertEqual(resized(width=8), np.asarray(line)[0].tolist())
        self.assertEqual(resized(width=16), resized(width=16, resampling="bicubic"))  # it grows
        with self.assertRaisesRegex(quantize.UsageError, "resampling 'nearest': not known, expected by_size, area"):
            resized(resampling="nearest")


class Choice(unittest.TestCase):
    def test_float_networks_of_one_file(self) -> None:
        recipe = entry("a")["input"]
        models = [entry("a@224"), entry("u8", input=recipe | {"type": "u8"}), entry("a-int8@224"),
                  entry("chain", files=[{"path": "1.onnx"}, {"path": "2.onnx"}]), entry("s", role="selector"),
                  entry("t", files=[{"path": "net.tflite"}]), entry("b"), entry("p", files=[{"path": "net.pb"}])]
        models[2]["source"] = "a@224, quantized by NNCF 0 on 1 images"
        self.assertEqual([m["name"] for m in quantize.chosen_models(models, None)], ["a@224", "t", "b"])
        self.assertEqual([m["name"] for m in quantize.chosen_models(models, "b")], ["b"])
        with self.assertRaisesRegex(quantize.UsageError, "--models: u8: .*expected of a@224, t, b"):
            quantize.chosen_models(models, "b,u8")
        models[2]["source"] = "someone else's"
        with self.assertRaisesRegex(quantize.UsageError, "--models: a@224: .*8-bit version from elsewhere"):
            quantize.chosen_models(models, "a@224")
        self.assertEqual(quantize.quantized_name("a@224"), "a-int8@224")
        self.assertEqual(quantize.quantized_name("b"), "b-int8")


class Run(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.zoo = self.folder / "zoo.json"
        self.zoo.write_text(json.dumps({"format": "triage-zoo", "version": 1, "models": [entry("a@2"), entry("b")]}))
        (self.folder / "images").mkdir()
        Image.new("RGB", (5, 4), (9, 8, 7)).save(self.folder / "images" / "one.png")
        self.content = b"first"

        def save(_: object, path: Path) -> None:
            path.write_bytes(self.content)
            path.with_suffix(".bin").write_bytes(b"weights")

        self.addCleanup(setattr, quantize, "save", quantize.save)
        self.addCleanup(setattr, quantize, "quantize", quantize.quantize)
        quantize.save, quantize.quantize = save, lambda *_: None

    def run_tool(self, **changes: object) -> list:
        options = {"zoo": self.zoo, "models": None, "data": self.folder / "images", "images": 4, "seed": 0} | changes
        return list(quantize.run(argparse.Namespace(**options)))

    def test_entries_are_added_once_and_replaced(self) -> None:
        self.assertEqual(self.run_tool(), ["a-int8@2", "b-int8"])
        self.content = b"second"
        self.assertEqual(self.run_tool(models="b"), ["b-int8"])
        models = json.loads(self.zoo.read_text())["models"]
        self.assertEqual([m["name"] for m in models], ["a@2", "b", "a-int8@2", "b-int8"])
        for model, content in zip(models[2:], (b"first", b"second")):
            self.assertEqual(model["files"], [{"path": f"{model['name']}.xml",
                                               "sha256": hashlib.sha256(content + b"weights").hexdigest()}])
            self.assertEqual(model["input"], models[0]["input"])
        self.assertIn("quantized by NNCF 0 on 1 images of images", models[2]["source"])
        self.assertEqual(sorted(p.name for p in self.folder.iterdir() if p.name.startswith(".")), [])

    def test_what_is_no_zoo_is_refused_and_left(self) -> None:
        for text, message in (("{", "expected a zoo's manifest"), ("{}", "'format' is None")):
            self.zoo.write_text(text)
            with self.assertRaisesRegex(quantize.UsageError, message):
                self.run_tool()
            self.assertEqual(self.zoo.read_text(), text)
        with self.assertRaisesRegex(quantize.UsageError, "none.json"):
            self.run_tool(zoo=self.folder / "none.json")

    def test_a_folder_without_images_is_refused(self) -> None:
        (self.folder / "images" / "one.png").unlink()
        with self.assertRaisesRegex(quantize.UsageError, "no images, expected a folder of .bmp"):
            self.run_tool()


if __name__ == "__main__":
    unittest.main()
