"""Compares what two builds wrote, for `tools/compare_outputs.py`: exactly, except for the noise between several runs of the
old one. In texts only the numbers are compared, since words may change on purpose. Numbers in texts are rounded, so noise
may show in one run and not in the other; such a number must be the rounded form of some noisy exact figure.
"""

from __future__ import annotations

import collections
import dataclasses
import difflib
import functools
import re
from pathlib import Path
from typing import Any

from output_formats import ABSENT, Text, flatten, is_number, read_policy

GENEROUS = 3  # up to this many times the spread of the old build's runs counts as noise

# ---- fields ----


@dataclasses.dataclass
class Result:
    """One line of the final table, and what is listed above it."""

    name: str
    note: str = ""
    counts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    differences: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # path, description
    wording: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # old, new
    noise: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # patterns
    figures: Figures = dataclasses.field(default_factory=lambda: Figures())

    def add(self, other: Result) -> None:
        self.counts += other.counts
        self.noise += other.noise
        self.differences += other.differences
        self.wording += other.wording

    def differ(self, path: str, description: str) -> None:
        self.counts["different"] += 1
        self.differences.append((path, description))

    def blur(self, path: str) -> None:
        self.counts["noisy"] += 1
        self.noise[pattern_of(path)] += 1

    def reword(self, old: str, new: str) -> None:
        self.counts["wording"] += 1
        self.wording.append((old, new))


def pattern_of(path: str) -> str:
    return re.sub(r"\[[^\]]*\]", "[*]", path)


def same(a: Any, b: Any) -> bool:
    return repr(a) == repr(b) if isinstance(a, float) or isinstance(b, float) else type(a) is type(b) and a == b


def is_time_like(path: str) -> bool:
    """A time, by the unit in its name, or a ratio of times. How large such noise is depends on the machine."""
    return re.search(r"(^|[._])(ms|times?|speed|overhead)($|[._\[])", path) is not None


def spread_of(values: list) -> float:
    return max(values) - min(values) if all(map(is_number, values)) else 0.0


def judge(path: str, olds: list, news: list, spread: float) -> str:
    """equal, noisy or different; `spread` is the largest one between OLD's runs in fields of this kind."""
    if all(same(value, olds[0]) for value in olds + news):
        return "equal"
    if all(same(value, olds[0]) for value in olds):
        return "noisy" if any(same(value, olds[0]) for value in news) else "different"
    if not any(is_number(new) and any(map(is_number, olds)) or any(type(new) is type(old) for old in olds)
               for new in news):
        return "different"
    if is_time_like(path) or not all(map(is_number, olds + news)):
        return "noisy"
    low, high = min(olds) - GENEROUS * spread, max(olds) + GENEROUS * spread
    return "noisy" if any(low <= new <= high for new in news) else "different"


def shown(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + " ..."


def change(olds: list, news: list) -> str:
    old, new = olds[0], news[0]
    if old is ABSENT:
        return f"added, {shown(new)}"
    if new is ABSENT:
        return f"removed, was {shown(old)}"
    if isinstance(old, bytes) and isinstance(new, bytes) and len(old) == len(new):
        places = [i for i, (a, b) in enumerate(zip(old, new)) if a != b]
        return f"{len(places)} of {len(old)} bytes differ, from byte {places[0]} on"
    before = shown(old) if same(old, olds[-1]) else f"{shown(min(olds))} to {shown(max(olds))}"
    return f"{before} -> {shown(new)}"


def compare_fields(result: Result, olds: list[dict], news: list[dict]) -> None:
    rows = {path: ([run.get(path, ABSENT) for run in olds], [run.get(path, ABSENT) for run in news])
            for path in dict.fromkeys(path for run in olds + news for path in run)}
    spread: dict[str, float] = collections.defaultdict(float)
    for path, (old, _) in rows.items():
        spread[pattern_of(path)] = max(spread[pattern_of(path)], spread_of(old))
    for path, (old, new) in rows.items():
        result.figures.alike.setdefault(pattern_of(path), Values([], [])).add(old, new)
        verdict = judge(path, old, new, spread[pattern_of(path)])
        if verdict == "different":
            result.differ(path, change(old, new))
            continue
        if verdict == "equal":
            result.counts["equal"] += 1
            continue
        result.blur(path)
        result.figures.noisy.append(Values(old, new))


# ---- texts, whose numbers are rounded ----

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def words_of(text: str) -> str:
    return NUMBER.sub("#", text)


def rounded(values: list, digits: int) -> set[str]:
    """The ways to show figures with so many digits: as they are, in per cent, or as the reciprocal factor."""
    views = [view for value in values if is_number(value) for view in (value, 100 * value, 1 / value if value else 0)]
    return {f"{view:.{digits}f}" for view in views}


class Values:
    """The values that one field, or the fields of one pattern, have had: numbers or not."""

    def __init__(self, olds: list, news: list) -> None:
        self.olds, self.news = list(olds), list(news)
        self.shown = functools.cache(lambda new, digits: rounded(self.news if new else self.olds, digits))

    def add(self, olds: list, news: list) -> None:
        self.olds += olds
        self.news += news

    def explain(self, old: str, new: str) -> bool:
        old, new = old.lstrip("+"), new.lstrip("+")
        return (old in self.shown(False, len(old.partition(".")[2]))
                and new in self.shown(True, len(new.partition(".")[2])))


class Figures:
    """The exact figures behind a text's rounded ones."""

    def __init__(self) -> None:
        self.noisy: list[Values] = []  # one of each noisy field
        self.alike: dict[str, Values] = {}  # all fields of a pattern

    def explain(self, old: str, new: str, picked: bool) -> bool:
        """Whether both are a noisy figure; or, where a noisy choice has `picked` them, figures of one kind."""
        return any(values.explain(old, new) for values in self.noisy) or picked and any(
            values.explain(old, new) for values in self.alike.values())


def align(base: list[Text], other: list[Text]) -> tuple[dict[int, int], list[tuple[list[int], list[int]]]]:
    """The pieces that have the same words in the same order, and the blocks between them that were replaced."""
    ours, theirs = ([(piece.group, words_of(piece.text)) for piece in pieces] for pieces in (base, other))
    if ours == theirs:
        return {i: i for i in range(len(ours))}, []
    found, replaced = {}, []
    for group in dict.fromkeys(group for group, _ in ours + theirs):
        a, b = ([i for i, (own, _) in enumerate(side) if own == group] for side in (ours, theirs))
        matcher = difflib.SequenceMatcher(None, [ours[i] for i in a], [theirs[i] for i in b], autojunk=False)
        for kind, a1, a2, b1, b2 in matcher.get_opcodes():
            if kind == "equal":
                found.update(zip(a[a1:a2], b[b1:b2]))
            else:
                replaced.append((a[a1:a2], b[b1:b2]))
    return found, replaced


@dataclasses.dataclass
class Like:
    """For all texts of a kind at one place: how far drawn elements moved between OLD's runs, and the numbers."""

    spread: float = 0.0
    noisy: bool = False
    beside_noise: bool = False  # something else of the figure moved
    olds: set[tuple[int, str]] = dataclasses.field(default_factory=set)  # the how many-th of its text, the number
    news: set[tuple[int, str]] = dataclasses.field(default_factory=set)

    def add(self, olds: list[str], news: list[str]) -> None:
        for numbers in zip(*map(NUMBER.findall, olds)):
            self.noisy |= len(set(numbers)) > 1
            if olds[0].startswith("<"):
                self.spread = max(self.spread, spread_of([float(number) for number in numbers]))
        for known, texts in ((self.olds, olds), (self.news, news)):
            known.update(item for text in texts for item in enumerate(NUMBER.findall(text)))

    def excuses(self, k: int, old: str, new: str) -> bool:
        """Drawn elements moved no farther than others of their kind, or lines sorted by time changed places."""
        near = abs(float(old) - float(new)) <= GENEROUS * self.spread
        return self.noisy and (near or (k, old) in self.news and (k, new) in self.olds)


def judge_number(k: int, olds: tuple, news: tuple, drawn: bool, like: Like, figures: Figures) -> str:
    """`k` is its position in the text. It is wording if only the number of digits differs, or if something drawn beside
    noisy elements has jumped, as labels do that look for a free place."""
    if len(set(olds + news)) == 1:
        return "equal"
    stable = len(set(olds)) == 1
    values = [float(old) for old in olds]
    limit = GENEROUS * spread_of(values)
    if not stable and (drawn or any(min(values) - limit <= float(new) <= max(values) + limit for new in news)):
        return "noisy"
    if olds[0] in news or like.excuses(k, olds[0], news[0]):
        return "noisy"
    if stable and values[0] == float(news[0]) or drawn and like.beside_noise:
        return "wording"
    if not drawn and any(figures.explain(old, new, like.noisy) for old in olds for new in news):
        return "noisy"
    return "different"


def quotients(numbers: list[str], k: int) -> set[tuple[int, int]]:
    """Two other numbers of which number `k`, as shown, is the quotient."""
    values = [float(number) for number in numbers]
    doubt = [0.5 / 10 ** len(number.partition(".")[2]) for number in numbers]
    return {(i, j) for i, a in enumerate(values) for j, b in enumerate(values)
            if len({i, j, k}) == 3 and b and a
            and abs(values[k] - a / b) <= doubt[k] + abs(a / b) * (doubt[i] / abs(a) + doubt[j] / abs(b))}


def judge_numbers(olds: list[str], news: list[str], like: Like, figures: Figures) -> str:
    """For texts with the same words: the worst result of their numbers. A quotient of two others is as noisy as they
    are."""
    old, new = [NUMBER.findall(text) for text in olds], [NUMBER.findall(text) for text in news]
    drawn = olds[0].startswith("<")
    verdicts = [judge_number(k, a, b, drawn, like, figures) for k, (a, b) in enumerate(zip(zip(*old), zip(*new)))]
    for k, verdict in enumerate(verdicts):
        if verdict == "different" and not drawn and any(
                verdicts[i] == "noisy" or verdicts[j] == "noisy"
                for i, j in quotients(old[0], k) & quotients(new[0], k)):
            verdicts[k] = "noisy"
    return next((verdict for verdict in ("different", "wording", "noisy") if verdict in verdicts), "equal")


def region_of(place: str) -> str:
    return place.rpartition(":")[0] or place


def compare_texts(result: Result, olds: list[list[Text]], news: list[list[Text]], figures: Figures) -> None:
    """`figures` are those that the texts show."""
    base = olds[0]
    alignments = [align(base, other) for other in olds + news]
    restless = {region_of(piece.place) for other, (_, blocks) in zip(olds, alignments) for mine, theirs in blocks
                for piece in [*(base[i] for i in mine), *(other[j] for j in theirs)]}
    versions: dict[int, tuple[list[str], list[str]]] = {}  # of pieces that every run has
    likes: dict[str, Like] = collections.defaultdict(Like)
    for i, piece in enumerate(base):
        if all(i in found for found, _ in alignments):
            texts = [other[found[i]].text for other, (found, _) in zip(olds + news, alignments)]
            versions[i] = texts[:len(olds)], texts[len(olds):]
            likes[piece.place].add(*versions[i])
    noisy_regions = restless | {region_of(place) for place, like in likes.items() if like.noisy}
    for place, like in likes.items():
        like.beside_noise = region_of(place) in noisy_regions
    for i, (old, new) in versions.items():
        place = base[i].place
        verdict = judge_numbers(old, new, likes[place], figures)
        if verdict == "different":
            result.differ(place, f"{shown(old[0])} -> {shown(new[0])}")
        elif verdict == "wording":
            result.reword(old[0], new[0])
        elif verdict == "noisy":
            result.blur(place)
        else:
            result.counts["equal"] += 1
    final = alignments[-1]
    for i in final[0].keys() - versions.keys():
        result.blur(base[i].place)  # some run lacks it
    for before, after in final[1]:
        old, new = [base[i] for i in before], [news[-1][j] for j in after]
        if {region_of(piece.place) for piece in old + new} <= restless:
            for piece in old or new:
                result.blur(piece.place)
        elif len(old) == len(new):
            for a, b in zip(old, new):
                result.reword(a.text, b.text)
        else:
            result.reword(" / ".join(piece.text for piece in old), " / ".join(piece.text for piece in new))


def compare_documents(name: str, olds: list[dict], news: list[dict]) -> Result:
    """Documents are what `document_of` makes."""
    result = Result(name)
    compare_fields(result, [run["fields"] for run in olds], [run["fields"] for run in news])
    compare_texts(result, [run["texts"] for run in olds], [run["texts"] for run in news], result.figures)
    return result


def compare_policies(name: str, olds: list[Path], news: list[Path]) -> Result:
    """Compares the bytes first. Fields are counted in any case; the number of the format is compared separately."""
    result = Result(name, "same bytes")
    runs = []
    for path in olds + news:
        fields: dict[str, Any] = {}
        flatten(read_policy(path), "", fields, None)
        fields.pop("sha256", None)
        runs.append((fields, fields.pop("format", ABSENT), fields.pop("payload.format", ABSENT)))
    compare_fields(result, [run[0] for run in runs[:len(olds)]], [run[0] for run in runs[len(olds):]])
    if len({path.read_bytes() for path in olds + news}) == 1:
        return result
    formats = [f"{outer}" if outer == inner else f"{outer} outside, {inner} inside" for _, outer, inner in runs]
    result.note = "other bytes" if formats[0] == formats[-1] else f"format {formats[0]} -> {formats[-1]}"
    if formats[0] == formats[-1] and not result.counts["different"] and not result.counts["noisy"]:
        result.differ("(file)", "other bytes, though every field is equal: their order or how they are encoded")
    return result
