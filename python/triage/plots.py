"""Pictures: score against cost with matplotlib, and small ones in SVG that need nothing."""

from __future__ import annotations

import html
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
        style = "--" if frontier is data["zero_router"] else "-"
        axes.plot([p["ms"] for p in points], [shown(p["score"]) for p in points], style, label=frontier["name"])
    singles = [m for m in data["methods"] if m["kind"] == "single"]
    others = [m for m in data["methods"] if m["kind"] not in ("single", "vbs", "sbs", "bound", "control", "random")]
    for methods, marker in ((singles, "o"), (others, "D")):
        for method in methods:
            x, y = method["pooled"]["mean_ms"], shown(method["pooled"]["score"])
            axes.plot([x], [y], marker, color="black" if marker == "D" else "grey", markersize=4)
            axes.annotate(method["name"], (x, y), textcoords="offset points", xytext=(4, -8), fontsize=7)
    axes.set_xscale("log")
    axes.set_xlabel(f"mean cost, {terms['cost_unit']}")
    axes.set_ylabel(f"{terms['score'] or data['criterion']} {terms['score_unit']}".strip())
    axes.legend(fontsize=7)
    return axes


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
        for name, (cost, score) in self.models.items():
            axes.plot([cost], [score], "o", color="grey")
            axes.annotate(name, (cost, score), textcoords="offset points", xytext=(4, -8), fontsize=8)
        axes.set_xlabel(f"mean cost, {self.cost_unit}")
        axes.set_ylabel("mean score")
        axes.legend()
        return axes

    def _repr_svg_(self) -> str:
        return frontier_svg(self.points, self.models, self.cost_unit)

    def __repr__(self) -> str:
        return f"Frontier({len(self.points)} points, models {', '.join(self.models)})"


def frontier_svg(
    points: Sequence[tuple[float, float, float]], models: Mapping[str, tuple[float, float]], cost_unit: str
) -> str:
    """The same picture as SVG."""
    width, height, left, bottom = 440, 280, 56, 40
    all_points = [(c, s) for c, s, _ in points] + list(models.values())
    costs, scores = [c for c, _ in all_points], [s for _, s in all_points]
    low_x, high_x, low_y, high_y = min(costs), max(costs), min(scores), max(scores)

    def x(cost: float) -> float:
        return left + (width - left - 70) * (cost - low_x) / ((high_x - low_x) or 1)

    def y(score: float) -> float:
        return 16 + (height - bottom - 30) * (high_y - score) / ((high_y - low_y) or 1)

    line = " ".join(f"{x(c):.1f},{y(s):.1f}" for c, s, _ in points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
        f'<polyline points="{line}" fill="none" stroke="#1f6fb2" stroke-width="2"/>',
    ]
    parts += [f'<circle cx="{x(c):.1f}" cy="{y(s):.1f}" r="2.5" fill="#1f6fb2"/>' for c, s, _ in points]
    for name, (cost, score) in models.items():
        parts.append(f'<circle cx="{x(cost):.1f}" cy="{y(score):.1f}" r="4" fill="#777"/>')
        parts.append(f'<text x="{x(cost) + 7:.1f}" y="{y(score) + 4:.1f}">{html.escape(name)}</text>')
    parts += [
        f'<text x="{left}" y="{height - 22}">{low_x:.3g}</text>',
        f'<text x="{width - 70}" y="{height - 22}" text-anchor="end">{high_x:.3g}</text>',
        f'<text x="{width / 2}" y="{height - 6}" text-anchor="middle">mean cost, {html.escape(cost_unit)}</text>',
        f'<text x="{left - 8}" y="{y(high_y) + 4:.1f}" text-anchor="end">{high_y:.3f}</text>',
        f'<text x="{left - 8}" y="{y(low_y) + 4:.1f}" text-anchor="end">{low_y:.3f}</text>',
        "</svg>",
    ]
    return "".join(parts)


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
