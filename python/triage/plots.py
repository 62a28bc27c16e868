"""Pictures: score against cost with matplotlib, and small ones in SVG that need nothing."""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(6.4, 4.2), layout="constrained")[1]


def plot_evaluation(data: Mapping[str, Any], ax: Any = None) -> Any:
    """Every single model, every policy, and the frontiers of `Evaluation.data`, in the table's own numbers."""
    terms = data.get("terms") or {"worst": 0, "best": 100, "cost_unit": "ms", "score": "", "score_unit": "%"}
    worst, best = float(terms["worst"]), float(terms["best"])

    def shown(score: float) -> float:
        return worst + (best - worst) * score

    axes = _axes(ax)
    for frontier in [data["zero_router"], *data["frontiers"]]:
        points = frontier["points"]
        is_router = frontier is data["zero_router"]
        style = {"linestyle": "--", "color": "grey"} if is_router else {}
        axes.plot([p["ms"] for p in points], [shown(p["score"]) for p in points], label=frontier["name"], **style)
    # Their names stand in the legend, since policies lie close together.
    others = [m for m in data["methods"] if m["kind"] not in ("single", "vbs", "sbs", "bound", "control", "random")]
    for method, marker in zip(others, itertools.cycle("DsvP^X<>")):
        x, y = method["pooled"]["mean_ms"], shown(method["pooled"]["score"])
        axes.plot([x], [y], marker, markersize=7, markeredgecolor="black", markeredgewidth=0.6, label=method["name"])
    singles = [m for m in data["methods"] if m["kind"] == "single"]
    _models(axes, {m["name"]: (m["pooled"]["mean_ms"], shown(m["pooled"]["score"])) for m in singles})
    axes.set_xlabel(f"mean cost, {terms['cost_unit']}")
    axes.set_ylabel(f"{terms['score'] or data['criterion']} {terms['score_unit']}".strip())
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return axes


def _models(axes: Any, models: Mapping[str, tuple[float, float]]) -> None:
    """Single models, with their names, over a logarithmic axis of costs where these differ much."""
    costs = [cost for cost, _ in models.values()]
    if _is_wide(costs):
        from matplotlib.ticker import LogLocator, NullFormatter

        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    for name, (cost, score) in models.items():
        axes.plot([cost], [score], "o", color="dimgrey", markersize=5)
        axes.annotate(name, (cost, score), textcoords="offset points", xytext=(0, -10), ha="center", fontsize=7)
    axes.margins(x=0.1, y=0.1)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)


def _is_wide(costs: Sequence[float]) -> bool:
    return bool(costs) and min(costs) > 0 and max(costs) > 8 * min(costs)


class Frontier:
    """Mean score against mean cost as the price of a policy varies, beside the single models.

    Attributes
    ----------
    points : list of (float, float, float)
        (cost, score from 0 to 1, price), by rising cost.
    models : dict of str to (float, float)
        (cost, score) of each model alone.
    cost_unit : str
    """

    def __init__(
        self, points: Sequence[tuple[float, float, float]], models: Mapping[str, tuple[float, float]], cost_unit: str
    ) -> None:
        self.points = list(points)
        self.models = dict(models)
        self.cost_unit = cost_unit

    def plot(self, ax: Any = None) -> Any:
        """Draws it with matplotlib. Returns the axes."""
        axes = _axes(ax)
        axes.plot([p[0] for p in self.points], [p[1] for p in self.points], "-o", markersize=3, label="policy")
        _models(axes, self.models)
        axes.set_xlabel(f"mean cost, {self.cost_unit}")
        axes.set_ylabel("mean score")
        axes.legend(loc="lower right", frameon=False)
        return axes

    def _repr_svg_(self) -> str:
        return frontier_svg(self.points, self.models, self.cost_unit)

    def __repr__(self) -> str:
        return f"Frontier({len(self.points)} points, models {', '.join(self.models)})"


def frontier_svg(
    points: Sequence[tuple[float, float, float]], models: Mapping[str, tuple[float, float]], cost_unit: str
) -> str:
    """The same picture as SVG."""
    width, height, left, right, top, bottom = 520, 320, 60, 24, 16, 46
    all_points = [(c, s) for c, s, _ in points] + list(models.values())
    costs, scores = [c for c, _ in all_points], [s for _, s in all_points]
    bend = math.log if _is_wide(costs) else float
    low_x, high_x = bend(min(costs)), bend(max(costs))
    low_y, high_y = min(scores), max(scores)

    def x(cost: float) -> float:
        return left + 20 + (width - left - right - 40) * (bend(cost) - low_x) / ((high_x - low_x) or 1)

    def y(score: float) -> float:
        return top + 12 + (height - top - bottom - 24) * (high_y - score) / ((high_y - low_y) or 1)

    ends = f'y1="{top}" y2="{height - bottom}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for cost in _ticks(min(costs), max(costs), is_wide=bend is math.log):
        parts.append(f'<line x1="{x(cost):.1f}" x2="{x(cost):.1f}" {ends} stroke="#e4e4e4"/>')
        parts.append(f'<text x="{x(cost):.1f}" y="{height - bottom + 16}" text-anchor="middle">{cost:g}</text>')
    for score in _ticks(low_y, high_y):
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y(score):.1f}" y2="{y(score):.1f}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{left - 8}" y="{y(score) + 4:.1f}" text-anchor="end">{score:g}</text>')
    line = " ".join(f"{x(c):.1f},{y(s):.1f}" for c, s, _ in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#1f6fb2" stroke-width="2"/>')
    parts += [f'<circle cx="{x(c):.1f}" cy="{y(s):.1f}" r="2.5" fill="#1f6fb2"/>' for c, s, _ in points]
    for name, (cost, score) in models.items():
        # To the side where there is room.
        side, anchor = (-8, "end") if x(cost) > width / 2 else (8, "start")
        parts.append(f'<circle cx="{x(cost):.1f}" cy="{y(score):.1f}" r="4" fill="#555"/>')
        parts.append(f'<text x="{x(cost) + side:.1f}" y="{y(score) + 12:.1f}" text-anchor="{anchor}">{html.escape(name)}</text>')
    middle = (left + width - right) / 2
    parts.append(f'<text x="{middle}" y="{height - 8}" text-anchor="middle">mean cost, {html.escape(cost_unit)}</text>')
    parts.append(f'<text transform="rotate(-90 12 {height / 2})" x="12" y="{height / 2}" text-anchor="middle">mean score</text>')
    return "".join([*parts, "</svg>"])


def _ticks(low: float, high: float, *, is_wide: bool = False) -> list[float]:
    """Round numbers from low to high: three to seven, of a wide range powers of ten and their halves and fifths."""
    if is_wide:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1.0, 2.0, 5.0) if len(decades) < 4 else (1.0,)
        return [t for d in decades for t in (float(f"{step}e{d}") for step in steps) if low <= t <= high]
    if high <= low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6)
    return [round(i * step, 12) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def chain_svg(looks: Sequence[tuple[str, float, float]]) -> str:
    """The models that ran, one after the other: (name, confidence, ms)."""
    box, gap, height = 150, 26, 54
    width = len(looks) * (box + gap) or 1
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">']
    for i, (name, confidence, ms) in enumerate(looks):
        left = i * (box + gap)
        shade = max(0.0, min(1.0, confidence if confidence == confidence else 0.0))
        parts.append(
            f'<rect x="{left + 1}" y="1" width="{box}" height="{height - 2}" rx="6" fill="#1f6fb2" '
            f'fill-opacity="{0.08 + 0.3 * shade:.2f}" stroke="#1f6fb2"/>'
            f'<text x="{left + box / 2}" y="22" text-anchor="middle">{html.escape(name)}</text>'
            f'<text x="{left + box / 2}" y="40" text-anchor="middle">{100 * shade:.1f} %, {ms:.3g} ms</text>'
        )
        if i + 1 < len(looks):
            parts.append(f'<text x="{left + box + gap / 2}" y="31" text-anchor="middle">&#8594;</text>')
    return "".join(parts) + "</svg>"


def in_frame(page: str) -> str:
    """A whole page inside a notebook's output."""
    return f'<iframe srcdoc="{html.escape(page, quote=True)}" width="100%" height="640" style="border:0"></iframe>'
