"""What the studies of bench/studies judge by: the scorer of scenarios, and the reading of routers' frontiers."""

import math
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "studies"))
import aslib_scenario as aslib  # noqa: E402
import router_table as routers  # noqa: E402

RUN_TIMES = {
    "description.txt": "scenario_id: T\nperformance_measures:\n- runtime\nperformance_type:\n- runtime\nmaximize:\n"
                       "- false\nalgorithm_cutoff_time: 100\nfeature_steps:\n  all:\n    provides:\n    - f\n",
    "cv.arff": "@RELATION cv\n@ATTRIBUTE instance_id STRING\n@ATTRIBUTE repetition NUMERIC\n@ATTRIBUTE fold NUMERIC\n"
               "@DATA\n'p,1',1,1\nq,1,2\nr,1,2\nq,2,1\n",
    "algorithm_runs.arff": "@RELATION runs\n@ATTRIBUTE instance_id STRING\n@ATTRIBUTE repetition NUMERIC\n"
                           "@ATTRIBUTE algorithm STRING\n@ATTRIBUTE runtime NUMERIC\n"
                           "@ATTRIBUTE runstatus {ok,timeout}\n@DATA\n"
                           "'p,1',1,a,10,ok\n'p,1',1,b,40,ok\nq,1,a,100,timeout\nq,1,b,60,ok\n"
                           "r,1,a,30,ok\nr,1,b,150,ok\n% the end\n",
    "feature_values.arff": "@RELATION f\n@ATTRIBUTE instance_id STRING\n@ATTRIBUTE repetition NUMERIC\n"
                           "@ATTRIBUTE 'f' NUMERIC\n@ATTRIBUTE g NUMERIC\n@DATA\n'p,1',1,2,?\nq,1,3,inf\nq,2,5,7\n",
}


def scenario(**changes: str) -> aslib.Scenario:
    with tempfile.TemporaryDirectory() as name:
        for file, text in RUN_TIMES.items():
            Path(name, file).write_text(changes.get(file.split(".")[0], text))
        return aslib.read_scenario(Path(name))


class Scenarios(unittest.TestCase):
    def test_is_read(self) -> None:
        read = scenario()
        self.assertEqual((read.instances, read.algorithms), (["p,1", "q", "r"], ["a", "b"]))
        self.assertEqual((read.feature_names, read.cutoff, read.folds()), (["f", "g"], 100, [1, 2]))
        np.testing.assert_array_equal(read.fold, [1, 2, 2])
        np.testing.assert_array_equal(read.features, [[2, math.nan], [4, 7], [math.nan, math.nan]])
        # PAR10: what was not solved, or took more than the cutoff, counts ten of it.
        np.testing.assert_array_equal(read.loss, [[10, 40], [1000, 60], [30, 1000]])

    def test_closed_gap(self) -> None:
        read = scenario()
        self.assertAlmostEqual(aslib.single_best(read), 1040 / 3)  # a: 10 + 1000 + 30; b: 1100
        self.assertAlmostEqual(aslib.virtual_best(read), 100 / 3)
        chosen = [aslib.played(read, i, schedule) for i, schedule in enumerate(aslib.alone([0, 1, 1]))]
        self.assertEqual(chosen, [10, 60, 1000])
        self.assertAlmostEqual(aslib.closed_gap(read, sum(chosen) / 3), (1040 - 1070) / (1040 - 100))
        self.assertAlmostEqual(aslib.closed_gap(read, aslib.virtual_best(read)), 1)

    def test_schedules(self) -> None:
        read = scenario()
        for instance, schedule, loss in [
                (0, [(1, 5), (0, math.inf)], 15),  # b in vain, then a
                (0, [(1, 5), (0, 5), (1, math.inf)], 45),  # b goes on where it was: 5 + 5 + 35
                (0, [(0, 10), (1, math.inf)], 10),  # a ends just in time
                (1, [(0, 40), (1, math.inf)], 100),  # 40 + 60 is the cutoff
                (1, [(0, 41), (1, math.inf)], 1000),
                (1, [(1, 59)], 1000),
                (2, [(1, 100), (0, 50)], 1000)]:  # nothing is left of the cutoff
            self.assertEqual(aslib.played(read, instance, schedule), loss)

    def test_qualities(self) -> None:
        about = RUN_TIMES["description.txt"].replace("- false", "- true").replace("performance_type:\n- runtime",
                                                                                  "performance_type: solution_quality")
        runs = RUN_TIMES["algorithm_runs.arff"].replace("b,40,ok", "b,5,ok")
        read = scenario(description=about, algorithm_runs=runs)
        self.assertIsNone(read.cutoff)
        # More is better; a run that is not ok counts as the worst of all.
        np.testing.assert_array_equal(read.loss, [[-10, -5], [-5, -60], [-30, -150]])
        self.assertEqual(aslib.played(read, 2, [(1, math.inf), (0, math.inf)]), -150)
        # b alone has 215, the best of each 220, a alone 45.
        self.assertAlmostEqual(aslib.closed_gap(read, read.loss[:, 0].mean()), (45 - 215) / (220 - 215))

    def test_refusals(self) -> None:
        runs = RUN_TIMES["algorithm_runs.arff"]
        with self.assertRaisesRegex(ValueError, "a row of 4 values, expected 5"):
            scenario(algorithm_runs=runs.replace("q,1,b,60,ok", "q,1,b,60"))
        with self.assertRaisesRegex(ValueError, "1 pairs of instance and algorithm have no run"):
            scenario(algorithm_runs=runs.replace("q,1,b,60,ok\n", ""))


TABLE = "id,text,label,n,x:answer,y:answer,x:usd,y:usd\n" \
        "1,one,A,3,A,B,1,4\n2,two,B,4,C,,1,7\n2,two,B,4,,B,9,4\n3,3,C,5,C,C,1,4\n"


class Frontiers(unittest.TestCase):
    def table(self) -> routers.RouterTable:
        with tempfile.TemporaryDirectory() as name:
            Path(name, "t.csv").write_text(TABLE)
            Path(name, "f.csv").write_text("input,fold\n1,0\n2,1\n3,1\n")
            return routers.read_table(Path(name, "t.csv"), "text", Path(name, "f.csv"))

    def test_table_is_read(self) -> None:
        table = self.table()
        self.assertEqual((table.ids, table.models, table.texts), (["1", "2", "3"], ["x", "y"], ["one", "two", "3"]))
        np.testing.assert_array_equal(table.features, [[3], [4], [5]])
        np.testing.assert_array_equal(table.score, [[1, 0], [0, 1], [1, 1]])
        np.testing.assert_array_equal(table.cost, [[1, 4], [1, 4], [1, 4]])

    def test_hull(self) -> None:
        # (2, 0.4) lies under the line from (1, 0.2) to (3, 0.8); (4, 0.7) is dearer and worse.
        hull = routers.upper_hull([(4, 0.7), (1, 0.2), (3, 0.8), (2, 0.4), (5, 0.9), (1, 0.1)])
        self.assertEqual(hull, [(1, 0.2), (3, 0.8), (5, 0.9)])
        self.assertAlmostEqual(routers.height(hull, 2), 0.5)
        self.assertAlmostEqual(routers.height(hull, 9), 0.9)
        self.assertAlmostEqual(routers.cost_of(hull, 0.5), 2)
        self.assertEqual(routers.cost_of(hull, 0.1), 1)
        self.assertEqual(routers.cost_of(hull, 0.91), math.inf)
        # From 0 to 7: nothing, then (0.2 + 0.8) / 2 * 2, (0.8 + 0.9) / 2 * 2, 0.9 * 2.
        self.assertAlmostEqual(routers.mean_height(hull, 0, 7), (1.0 + 1.7 + 1.8) / 7)

    def test_readings(self) -> None:
        table = self.table()
        reader = routers.FrontierReader(table, 3, 1)
        # Trained on the second and third, y is best (1); trained on the first, x.
        np.testing.assert_array_equal(reader.marks[0], [0, 0, 1])
        np.testing.assert_array_equal(reader.marks[1], [4, 1, 1])
        oracle = routers.Setting(np.array([1.0, 1, 1]), np.array([1.0, 4, 1]))
        reading, resampled = reader.read([oracle])
        self.assertEqual(len(resampled), 3)
        # Hull: x alone (1, 2/3), then (2, 1). The single best model: 1/3 at 2.
        self.assertAlmostEqual(reading.equal_score_cost, 1 / 2)
        self.assertAlmostEqual(reading.equal_cost_gain, 2 / 3)
        self.assertAlmostEqual(reading.aiq, ((2 / 3 + 1) / 2 + 2) / 3)


if __name__ == "__main__":
    unittest.main()
