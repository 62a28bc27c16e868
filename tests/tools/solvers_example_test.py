"""The table of examples/solvers, from its script to a choice for each row. Usage: solvers_example_test.py TRIAGE ROOT"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TRIAGE, ROOT = sys.argv[1], Path(sys.argv[2])
EXAMPLE = ROOT / "examples" / "solvers"
sys.path.insert(0, str(EXAMPLE))
import make_table  # noqa: E402


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True, **more).stdout


class Solvers(unittest.TestCase):
    def test_choice_is_the_known_best(self):
        rows = [(10 ** (1 + 5 * i / 19), 0.001 + 0.3 * j, 10 ** (1 + 4 * k)) for i in range(20) for j in range(3)
                for k in range(3)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "t.csv").write_text(run(sys.executable, EXAMPLE / "make_table.py", 1500), encoding="utf-8")
            run(TRIAGE, "import", "csv", folder / "t.csv", "--lower-is-better", "-o", folder / "t.profile")
            run(TRIAGE, "train", folder / "t.profile", "--policy", "forests", "-o", folder / "t.triage")
            lines = "".join(json.dumps({"length": n, "disorder": d, "values": v}) + "\n" for n, d, v in rows)
            said = run(EXAMPLE / "choose.sh", TRIAGE, folder / "t.triage", input=lines).splitlines()
        self.assertEqual(len(said), len(rows))
        taken = least = 0.0
        for line, row in zip(said, rows):
            costs = make_table.seconds(*row)
            taken += costs[line.removeprefix("running ")]
            least += min(costs.values())
        # Rows lie between those of training, so a few are close calls; any program alone takes more than twice the best.
        self.assertLess(taken, 1.5 * least)
        alone = [sum(make_table.seconds(*row)[name] for row in rows) for name in ("merge", "insertion", "counting")]
        self.assertGreater(min(alone), 2 * least)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
