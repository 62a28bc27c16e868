"""Parquet files of every kind of column, and files that are none. Usage: parquet_to_jsonl_test.py TRIAGE ROOT
Skipped without pyarrow, in this Python or in that of .venv."""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

TRIAGE, ROOT = sys.argv[1], Path(sys.argv[2])
TOOL = ROOT / "tools" / "parquet_to_jsonl.py"
try:
    import pyarrow as pa
    from pyarrow import parquet as pq
except ImportError:
    own = ROOT / ".venv" / "bin" / "python"
    if own.exists() and own != Path(sys.executable):
        os.execv(own, [str(own), *sys.argv])
    print("skipped: no pyarrow; .venv/bin/pip install -r tools/parquet_requirements.txt")
    sys.exit(77)


sys.path.insert(0, str(TOOL.parent))
import parquet_to_jsonl  # noqa: E402


def convert(*words):
    """The tool in this process: output, messages, exit code."""
    out, code = io.StringIO(), 0
    messages = ""
    sys.argv[1:] = [str(word) for word in words]
    try:
        with contextlib.redirect_stdout(out):
            parquet_to_jsonl.main()
    except SystemExit as end:
        messages, code = str(end.code), 1
    return out.getvalue(), messages, code


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)


class ParquetToJsonLines(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "t.parquet"

    def lines(self, table, *options, **how):
        pq.write_table(table, self.file, **how)
        out, messages, code = convert(self.file, *options)
        self.assertEqual((messages, code), ("", 0))
        return [json.loads(line) for line in out.splitlines()]

    def refused(self, message, *options, file=None):
        out, messages, code = convert(file or self.file, *options)
        self.assertEqual((out, code), ("", 1))
        self.assertIn(message, messages)
        return messages

    def test_every_type_becomes_its_like(self):
        struct = pa.struct([("a", pa.int8()), ("b", pa.list_(pa.float64()))])
        table = pa.table({
            "int": pa.array([2**63 - 1, None], pa.int64()), "unsigned": pa.array([255, 0], pa.uint8()),
            "half": pa.array([1.5, 2.5], pa.float16()), "single": pa.array([0.5, float("nan")], pa.float32()),
            "double": pa.array([0.1, float("inf")]), "whole": pa.array([Decimal("7.00"), None]),
            "decimal": pa.array([Decimal("1.25"), Decimal("-3.50")]), "bool": pa.array([True, None]),
            "text": pa.array(["a,\"b\"\n", "ä"]), "large": pa.array(["x", None], pa.large_string()),
            "dictionary": pa.array(["u", "v"]).dictionary_encode(), "null": pa.nulls(2),
            "list": pa.array([[1, 2, 3], [4]]), "fixed": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
            "struct": pa.array([{"a": 1, "b": [0.5]}, None], struct)})
        self.assertEqual(self.lines(table), [
            {"int": 2**63 - 1, "unsigned": 255, "half": 1.5, "single": 0.5, "double": 0.1, "whole": 7, "decimal": 1.25,
             "bool": True, "text": "a,\"b\"\n", "large": "x", "dictionary": "u", "null": None, "list": [1, 2, 3],
             "fixed": [1, 2], "struct": {"a": 1, "b": [0.5]}},
            {"int": None, "unsigned": 0, "half": 2.5, "single": None, "double": None, "whole": None, "decimal": -3.5,
             "bool": None, "text": "ä", "large": None, "dictionary": "v", "null": None, "list": [4], "fixed": [3, 4],
             "struct": None}])

    def test_rows_of_all_groups_in_order(self):
        table = pa.table({"i": list(range(10_000)), "b": [b""] * 10_000})
        self.assertEqual(self.lines(table, "--ignore", "b", row_group_size=3000), [{"i": i} for i in range(10_000)])

    def test_wide_table(self):
        self.assertEqual(self.lines(pa.table({f"c{i}": [i] for i in range(10_000)})),
                         [{f"c{i}": i for i in range(10_000)}])

    def test_import_reads_what_it_writes(self):
        rows = 40
        table = pa.table({"id": [f"q{i}" for i in range(rows)], "words": pa.array([i % 7 for i in range(rows)], pa.int32()),
                          "embedding": [[0.5, i / 8] if i % 2 else [0.25] for i in range(rows)],
                          "a:score": [i % 2 == 0 for i in range(rows)], "a:usd": [0.25] * rows,
                          "b:score": [1.0 if i else 7.0 for i in range(rows)], "b:usd": [2.0] * rows})
        def imported(table, *options):
            pq.write_table(table, self.file)
            lines = run(sys.executable, TOOL, self.file).stdout
            return run(TRIAGE, "import", "jsonl", "-", "-o", self.folder / "t.profile", *options, input=lines)
        bad = imported(table, "--score-range", "0,1")
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn("line 1, column 'b:score'", bad.stderr)  # the row and the column
        good = imported(table, "--score-range", "0,7", "--json")
        self.assertEqual(good.returncode, 0, good.stderr)
        summary = json.loads(good.stdout)
        self.assertEqual([summary[key] for key in ("inputs", "models", "features")], [rows, 2, 3])
        direct = run(TRIAGE, "import", "jsonl", self.file, "-o", self.folder / "other.profile")
        self.assertIn("is a Parquet file", direct.stderr)

    def test_columns_that_are_no_cells_are_named(self):
        pq.write_table(pa.table({"when": pa.array([0], pa.timestamp("us")), "raw": [b"x"], "good": [1],
                                 "deep": pa.array([[{"day": 0}]], pa.list_(pa.struct([("day", pa.date32())])))}), self.file)
        said = self.refused("column 'when' is timestamp[us]")
        self.assertIn("column 'raw' is binary", said)
        self.assertIn("column 'deep.0.day' is date32[day]", said)
        self.assertNotIn("good", said)
        self.refused("has no column 'wen'", "--ignore", "wen")

    def test_what_is_no_table(self):
        pq.write_table(pa.table({"a": pa.array([], pa.int64())}), self.file)
        self.refused("has no rows")
        pq.write_table(pa.table({}), self.file)
        self.refused("has no columns")
        pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), self.file)
        self.refused("column 'a' is there 2 times")
        self.refused("No such file", file=self.folder / "none.parquet")

    def test_files_that_are_not_whole(self):
        pq.write_table(pa.table({"a": list(range(50_000))}), self.file, compression="none", use_dictionary=False)
        whole = self.file.read_bytes()
        for content in (b"", b"a,b\n1,2\n", whole[: len(whole) // 2], b"PAR1" + bytes(20) + b"PAR1",
                        whole[:-4] + b"PARE"):  # the last is how encrypted footers end
            self.file.write_bytes(content)
            self.refused("expected a whole Parquet file")
        footer = int.from_bytes(whole[-8:-4], "little") + 8
        self.file.write_bytes(b"PAR1" + bytes(len(whole) - footer - 4) + whole[-footer:])  # pages of zeros
        _, messages, code = convert(self.file)
        self.assertEqual(code, 1)
        self.assertIn("expected a whole Parquet file", messages)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
