"""tools/compare_outputs.py and what it is made of: what counts as equal, noisy, different and wording."""

import contextlib
import io
import struct
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import compare_outputs  # noqa: E402
import output_differences as differences  # noqa: E402
import output_formats as formats  # noqa: E402


def cbor(value: object) -> bytes:
    """The counterpart of the reader: as much as the tests need."""
    def head(major: int, n: int) -> bytes:
        return bytes([major << 5 | n]) if n < 24 else bytes([major << 5 | 25]) + n.to_bytes(2, "big")

    if value is None or isinstance(value, bool):
        return bytes([{False: 0xF4, True: 0xF5, None: 0xF6}[value]])
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(part) for item in value.items() for part in item)


def policy(format_number: int = 4, checksum: str = "0" * 64, **changes: object) -> bytes:
    payload = {"format": format_number, "kind": "cascade", "thresholds": [0.5, 0.75], "best": None, "deep": True,
               "models": [{"name": "a", "mean_ms": 0.25}, {"name": "b", "mean_ms": 1}], "rows": b"\0\1\2\3"} | changes
    return cbor({"magic": "triage policy", "format": format_number, "sha256": checksum, "payload": cbor(payload)})


def outcome(result: differences.Result) -> tuple:
    return tuple(result.counts[key] for key in ("equal", "noisy", "different", "wording"))


class Reading(unittest.TestCase):
    def test_cbor(self) -> None:
        value = {"a": [0, 23, 24, 300, -1, -300], "b": b"\0\xff", "c": "é" * 9, "d": [True, None, 0.1], "e": {}}
        self.assertEqual(formats.cbor(cbor(value))[0], value)
        self.assertEqual(formats.cbor(b"\xf9\x3c\x00")[0], 1)  # half precision
        self.assertEqual(formats.cbor(b"\x1b" + b"\xff" * 8), (2**64 - 1, 9))
        for broken in (b"\x43\0", b"\x82\0", b"\xc0\0", b"\x9f\xff", b""):
            with self.assertRaises((IndexError, ValueError)):
                formats.cbor(broken)

    def test_lists_are_matched_by_name(self) -> None:
        fields, texts = {}, []
        formats.flatten({"m": [{"name": "x", "n": [1, 2]}, {"name": "y", "n": []}], "s": "two words"}, "", fields,
                            texts)
        self.assertEqual(fields, {"m in order": "x, y", "m[x].name": "x", "m[x].n[0]": 1, "m[x].n[1]": 2,
                                  "m[y].name": "y", "m[y].n": []})
        self.assertEqual(texts, [("s", "two words", "s")])
        self.assertEqual(formats.keys_of([{"name": "x"}, {"name": "x"}]), [0, 1])

    def test_pages(self) -> None:
        page = formats.Page(
            '<meta charset="utf-8"/><h2>Time</h2><p>It takes 3 ms &amp; <b>more</b>.</p>'
            '<figure id="f"><svg><line x1="1.5"/></svg></figure>'
            '<table><tr class="strong"><th>a</th><td>1</td></tr></table>')
        self.assertEqual([piece[:2] for piece in page.texts], [
            ("head: meta.", '<meta charset="utf-8">'), ("Time: h2", "Time"), ("Time: p", "It takes 3 ms &"),
            ("Time: b", "more"), ("Time: p", "."), ("Time, figure f: figure.", '<figure id="f">'),
            ("Time, figure f: line.", '<line x1="1.5">'), ("Time: row", "(strong) | a | 1")])


class Policies(unittest.TestCase):
    def compare(self, *contents: bytes) -> differences.Result:
        """All but the last are of the old build."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / str(i) for i in range(len(contents))]
            for path, content in zip(paths, contents):
                path.write_bytes(content)
            return differences.compare_policies("p", paths[:-1], paths[-1:])

    def test_same_bytes(self) -> None:
        result = self.compare(policy(), policy())
        self.assertEqual((outcome(result), result.note), ((12, 0, 0, 0), "same bytes"))

    def test_changed_fields_are_named_with_both_values(self) -> None:
        changes = {"thresholds": [0.5, 0.7500000000000001], "rows": b"\0\1\3\3", "best": {"name": "b"}}
        result = self.compare(policy(), policy(checksum="1" * 64, **changes))
        self.assertEqual(result.differences, [
            ("payload.thresholds[1]", "0.75 -> 0.7500000000000001"), ("payload.best", "removed, was None"),
            ("payload.rows", "1 of 4 bytes differ, from byte 2 on"), ("payload.best.name", "added, 'b'")])

    def test_a_format_number_alone_is_reported_apart(self) -> None:
        result = self.compare(policy(), policy(5, "1" * 64))
        self.assertEqual((outcome(result), result.note), ((12, 0, 0, 0), "format 4 -> 5"))

    def test_another_encoding_is_a_difference(self) -> None:
        last = cbor("sha256") + cbor("0" * 64)
        result = self.compare(policy(), b"\xa4" + last + policy()[1:].replace(last, b""))
        self.assertEqual([path for path, _ in result.differences], ["(file)"])

    def test_integers_are_not_floats(self) -> None:
        self.assertEqual(self.compare(policy(k=1), policy(k=1.0)).differences, [("payload.k", "1 -> 1.0")])

    def test_training_that_varies_is_noise(self) -> None:
        result = self.compare(policy(k=0.25), policy(k=0.5), policy(k=0.375))
        self.assertEqual((outcome(result), result.note), ((12, 1, 0, 0), "other bytes"))

    def test_what_is_no_policy(self) -> None:
        self.assertGreater(self.compare(policy(), b"junk").counts["different"], 0)


class Fields(unittest.TestCase):
    def compare(self, olds: list[dict], news: list[dict]) -> differences.Result:
        return differences.compare_documents("d", [formats.document_of(old) for old in olds],
                                             [formats.document_of(new) for new in news])

    def test_a_changed_number_is_found(self) -> None:
        old = {"methods": [{"name": "a", "score": 0.5, "ms": 1.5}, {"name": "b", "score": 0.25, "ms": 2.5}]}
        new = {"methods": [{"name": "a", "score": 0.5, "ms": 1.5}, {"name": "b", "score": 0.2500001, "ms": 2.5}]}
        result = self.compare([old, old], [new])
        self.assertEqual(outcome(result), (6, 0, 1, 0))
        self.assertEqual(result.differences, [("methods[b].score", "0.25 -> 0.2500001")])

    def test_what_differs_between_runs_of_the_old_is_noise(self) -> None:
        result = self.compare([{"ms": 1.0, "score": 0.5}, {"ms": 1.1, "score": 0.5}], [{"ms": 9.0, "score": 0.5}])
        self.assertEqual((outcome(result), dict(result.noise)), ((1, 1, 0, 0), {"ms": 1}))

    def test_noise_that_is_no_time_has_a_limit(self) -> None:
        olds = [{"gain": [1.0, 5.0]}, {"gain": [1.1, 5.5]}]  # the largest spread, of all of their kind, is 0.5
        self.assertEqual(outcome(self.compare(olds, [{"gain": [2.5, 3.6]}])), (0, 2, 0, 0))
        result = self.compare(olds, [{"gain": [2.7, 5.1]}])
        self.assertEqual(result.differences, [("gain[0]", "1.0 to 1.1 -> 2.7")])
        self.assertEqual(outcome(self.compare(olds, [{"gain": [None, 5.1]}])), (0, 1, 1, 0))

    def test_another_run_can_clear_a_suspicion(self) -> None:
        self.assertEqual(outcome(self.compare([{"n": 5}, {"n": 5}], [{"n": 6}])), (0, 0, 1, 0))
        self.assertEqual(outcome(self.compare([{"n": 5}, {"n": 5}], [{"n": 6}, {"n": 5}])), (0, 1, 0, 0))
        self.assertEqual(outcome(self.compare([{"n": 5}, {"n": 5}, {"n": 6}], [{"n": 6}, {"n": 6}])), (0, 1, 0, 0))

    def test_added_removed_and_reordered(self) -> None:
        old = {"m": [{"name": "a"}, {"name": "b"}], "x": 1}
        result = self.compare([old, old], [{"m": [{"name": "b"}, {"name": "a"}], "y": 2}])
        self.assertEqual(result.differences, [("m in order", "'a, b' -> 'b, a'"), ("x", "removed, was 1"),
                                              ("y", "added, 2")])

    def test_a_noisy_field_that_is_gone_is_a_difference(self) -> None:
        self.assertEqual(outcome(self.compare([{"n": 1, "ms": 1.0}, {"n": 1, "ms": 2.0}], [{"n": 1}])), (1, 0, 1, 0))


class Texts(unittest.TestCase):
    def compare(self, olds: list[list[str]], news: list[list[str]],
                noisy: tuple = ()) -> differences.Result:
        result = differences.Result("t")
        runs = [[[formats.Text("s: p", text) for text in texts] for texts in builds] for builds in (olds, news)]
        figures = differences.Figures()
        figures.noisy = [differences.Values(*values) for values in noisy]
        differences.compare_texts(result, *runs, figures)
        return result

    def test_changed_words_are_wording(self) -> None:
        old = ["Use the adaptive: 94.11 % at 0.107 ms.", "It takes 4.7 times less time.", "Last one."]
        new = ["Use the adaptive: 94.11 % at 0.108 ms.", "It is 4.7x faster.", "Last one."]
        result = self.compare([old, [old[0].replace("107", "109"), *old[1:]]], [new])
        self.assertEqual((outcome(result), result.wording), ((1, 1, 0, 1), [(old[1], new[1])]))
        result = self.compare([old, old], [[*old, "One more."]])
        self.assertEqual((outcome(result), result.wording), ((3, 0, 0, 1), [("", "One more.")]))

    def test_a_stable_number_that_changed_is_a_difference(self) -> None:
        result = self.compare([["top-1 is 94.11 %."]] * 2, [["top-1 is 94.12 %."]])
        self.assertEqual(result.differences, [("s: p", "'top-1 is 94.11 %.' -> 'top-1 is 94.12 %.'")])

    def test_rounding_may_hide_the_noise(self) -> None:
        texts = [["4.69 times"]] * 2, [["4.70 times"]]
        self.assertEqual(outcome(self.compare(*texts)), (0, 0, 1, 0))
        self.assertEqual(outcome(self.compare(*texts, [([0.2132, 0.2131], [0.2128])])), (0, 1, 0, 0))
        self.assertEqual(outcome(self.compare(*texts, [([0.3, 0.31], [0.2128])])), (0, 0, 1, 0))
        self.assertEqual(outcome(self.compare([["+0.2 points"]] * 2, [["+0.3 points"]],
                                              [([0.00249, 0.0024], [0.00252])])), (0, 1, 0, 0))

    def test_marks_may_move_as_far_as_their_like(self) -> None:
        mark = '<circle cx="{}" cy="10">'
        olds = [[mark.format(x), mark.format(50)] for x in (10, 10.5)]
        self.assertEqual(outcome(self.compare(olds, [[mark.format(10.2), mark.format(51)]])), (0, 2, 0, 0))
        self.assertEqual(outcome(self.compare(olds, [[mark.format(10.2), mark.format(52)]])), (0, 1, 0, 1))
        self.assertEqual(outcome(self.compare([[mark.format(10)]] * 2, [[mark.format(10.5)]])), (0, 0, 1, 0))

    def test_a_noisy_choice_may_pick_another_line(self) -> None:
        figures = differences.Figures()
        figures.alike["points[*].score"] = differences.Values([0.9090, 0.91], [0.9060, 0.91])
        like = differences.Like(noisy=True)
        self.assertEqual(differences.judge_numbers(["90.90 %"], ["90.60 %"], like, figures), "noisy")
        self.assertEqual(differences.judge_numbers(["90.90 %"], ["90.70 %"], like, figures), "different")
        like.noisy = False
        self.assertEqual(differences.judge_numbers(["90.90 %"], ["90.60 %"], like, figures), "different")

    def test_a_quotient_of_noisy_numbers_is_noisy(self) -> None:
        olds, noisy = [["0.24 points at 0.428 ms, 6.50 times less than 2.78 ms"]] * 2, [([0.4279, 0.428], [0.4287])]
        new = "{} points at 0.429 ms, {} times less than 2.78 ms"
        self.assertEqual(outcome(self.compare(olds, [[new.format("0.24", "6.48")]], noisy)), (0, 1, 0, 0))
        self.assertEqual(outcome(self.compare(olds, [[new.format("0.24", "6.40")]], noisy)), (0, 0, 1, 0))
        self.assertEqual(outcome(self.compare(olds, [[new.format("0.25", "6.48")]], noisy)), (0, 0, 1, 0))

    def test_a_noisy_number_has_to_stay_itself(self) -> None:
        noisy = [([0.107, 0.109], [0.14]), ([0.205, 0.206], [0.21])]
        olds = [["0.107 ms"], ["0.109 ms"]]
        self.assertEqual(outcome(self.compare(olds, [["0.112 ms"]], noisy)), (0, 1, 0, 0))
        self.assertEqual(outcome(self.compare(olds, [["0.140 ms"]], noisy)), (0, 1, 0, 0))
        self.assertEqual(outcome(self.compare(olds, [["0.210 ms"]], noisy)), (0, 0, 1, 0))

    def test_another_number_of_digits_is_wording(self) -> None:
        self.assertEqual(outcome(self.compare([["1.50 ms"]] * 2, [["1.5 ms"]])), (0, 0, 0, 1))


class Rounds(unittest.TestCase):
    def test_both_run_in_turns_and_again_only_where_something_differs(self) -> None:
        def settle(compare: object) -> tuple[list, str]:
            calls: list[str] = []
            with contextlib.redirect_stderr(io.StringIO()):
                results = compare_outputs.settle(lambda _: {"run": calls.append("o")},
                                                 lambda _: {"run": calls.append("n")}, compare, ((2, 1), (3, 2)))
            return results, "".join(calls)

        def differing(olds: list, news: list) -> list[differences.Result]:
            result = differences.Result("r")
            result.differ("x", f"{len(olds)}, {len(news)}")
            return [result]

        self.assertEqual(settle(lambda *_: [differences.Result("r")])[1], "ono")
        results, calls = settle(differing)
        self.assertEqual((results[0].differences, calls), ([("x", "3, 2")], "onoon"))


if __name__ == "__main__":
    unittest.main()
