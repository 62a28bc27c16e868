"""Each command that the documentation shows has the options that it is shown with; those that need no data run.
Usage: docs_test.py TRIAGE ROOT"""
import functools
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import docs_code

TRIAGE, ROOT = sys.argv[1], Path(sys.argv[2])
NEED_NO_DATA = (["info"], ["zoo", "variants"], ["zoo", "list"])


@functools.lru_cache(maxsize=None)
def help_of(command):
    run = subprocess.run([TRIAGE, *command, "--help"], capture_output=True, text=True, check=False)
    return run.stdout if run.returncode == 0 else None


def subcommands(text):
    """Names below the heading `Subcommands:` of a help text."""
    below = re.split(r"^Subcommands:$", text, flags=re.MULTILINE)[1:]
    return re.findall(r"^  ([a-z]\w*)", below[0], re.MULTILINE) if below else []


def fault(words, help_text=help_of):
    """What is wrong with a call of triage, or None."""
    command = ()
    while len(command) < len(words) and words[len(command)] in subcommands(help_text(command)):
        command += (words[len(command)],)
    if not command or (len(command) < len(words) and not words[len(command)].startswith("-")
                       and subcommands(help_text(command))):
        return f"'{' '.join(words[:len(command) + 1])}' is no command of triage"
    for word in words[len(command):]:
        option = word.split("=")[0]
        if re.fullmatch(r"-\w|--[\w-]+", option) and not re.search(
                rf"(?<![\w-]){option}(?![\w-])", help_text(command)):
            return f"'triage {' '.join(command)}' has no option {option}"
    return None


def documents():
    return [ROOT / "README.md", ROOT / "HACKING.md", *sorted((ROOT / "docs").glob("*.md")),
            ROOT / "bench" / "README.md"]


class Documentation(unittest.TestCase):
    def test_shows_options_that_exist(self):
        calls = [call for path in documents() for call in docs_code.commands(path)]
        self.assertGreater(len(calls), 15)
        for place, words, _ in calls:
            with self.subTest(place):
                self.assertIsNone(fault(words))

    def test_shows_commands_that_run(self):
        calls = [call for path in documents() for call in docs_code.commands(path)
                 if call.in_block and any(call.words[:len(own)] == own for own in NEED_NO_DATA)
                 and "out/imagenet/zoo.json" not in call.words]  # which is not in the clone
        self.assertGreater(len(calls), 0)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "zoo").symlink_to(ROOT / "zoo")
            for place, words, _ in calls:
                with self.subTest(place):
                    if "-o" in words:
                        (Path(folder) / words[words.index("-o") + 1]).parent.mkdir(parents=True, exist_ok=True)
                    run = subprocess.run([TRIAGE, *words], cwd=folder, capture_output=True, text=True, check=False)
                    self.assertEqual(run.returncode, 0, run.stderr)

    def test_shows_scripts_and_presets_that_exist(self):
        presets = (ROOT / "CMakePresets.json").read_text(encoding="utf-8")
        for path in documents():
            text = path.read_text(encoding="utf-8")
            for script in re.findall(r"^    (scripts/\w[\w-]*)", text, re.MULTILINE):
                self.assertTrue((ROOT / script).is_file(), f"{path}: {script}")
            for preset in re.findall(r"--preset ([a-z]+)", text):
                self.assertIn(f'"name": "{preset}"', presets, path)

    def test_names_files_that_exist(self):
        folders = "src|include|tests|bench|tools|scripts|examples|zoo|docs|cmake|deploy"
        for path in documents():
            for name in re.findall(rf"`((?:{folders})/[\w./*-]+)`", path.read_text(encoding="utf-8")):
                with self.subTest(f"{path}: {name}"):
                    self.assertTrue(any(ROOT.glob(name.rstrip("/"))))


class Rule(unittest.TestCase):
    """The checks above find what they are for."""

    HELP = {(): "Subcommands:\n  train    Learn\n  zoo      Zoos\n",
            ("train",): "Options:\n  -o,--out OUT\n  --cv N\n",
            ("zoo",): "Subcommands:\n  list  Show\n",
            ("zoo", "list"): "Options:\n  --json  As JSON\n"}

    def fault(self, line):
        return fault(line.split(), lambda command: self.HELP[tuple(command)])

    def test_finds_what_is_wrong(self):
        self.assertIsNone(self.fault("train a.profile --cv 10 --out=x -o x"))
        self.assertIsNone(self.fault("zoo list z.json --json"))
        self.assertEqual(self.fault("train --c 10"), "'triage train' has no option --c")
        self.assertEqual(self.fault("train -x"), "'triage train' has no option -x")
        self.assertEqual(self.fault("teach a.profile"), "'teach' is no command of triage")
        self.assertEqual(self.fault("zoo lst z.json"), "'zoo lst' is no command of triage")

    def test_reads_blocks_and_commands(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text("Say `triage info --json` or `triage policy`, or\n\n    triage train a \\\n      --cv 10   # hm\n"
                            "      $triage info\n    $ triage not\n\n```cpp\n#include <triage/zoo.h>\nint a = 1;\n```\n\n"
                            "```\ntriage no\n```\n", encoding="utf-8")
            self.assertEqual([call.words for call in docs_code.commands(page)],
                             [["info", "--json"], ["train", "a", "--cv", "10"], ["info"]])
            blocks = docs_code.cpp_blocks(page)
            self.assertEqual([block.lines for block in blocks], [["#include <triage/zoo.h>", "int a = 1;"]])
            source = docs_code.cpp_source(blocks)
            self.assertTrue(source.startswith("#include <iostream>\n#include <triage/zoo.h>\n"))
            self.assertIn("void block_0() {", source)
            main = docs_code.Block("x:1", ["int main() {", "}"])
            self.assertIn("namespace block_0 {", docs_code.cpp_source([main]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
