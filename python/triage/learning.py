"""Training policies on tables, judging them, and promising what they lose."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from triage import errors
from triage._native import core
from triage.policy import KindEstimate, Policy
from triage.progress import ProgressLike, resolve
from triage.table import Table


def _train_options(
    options: Any,
    criterion: str,
    cost: str,
    margin: float | None,
    seed: int,
    price: float | None,
) -> Any:
    options.criterion, options.cost, options.seed = criterion, cost, seed
    options.margin, options.price = margin, price
    return options


def train(
    table: Table,
    kind: str = "auto",
    *,
    criterion: str = "top1",
    cost: str = "time",
    margin: float | None = None,
    price: float | None = None,
    max_stages: int | None = None,
    learner: str = "seven-forests",
    premodel: str = "knn.knn.knn",
    theta: float = 0.005,
    k: int = 5,
    rows: npt.ArrayLike | None = None,
    seed: int = 0,
    progress: ProgressLike = True,
) -> Policy:
    """Learns from outcomes when another model is worth running.

    Parameters
    ----------
    table : Table
    kind : str
        ``"auto"``: what inner cross-validation prefers, see `Policy.compared`. Else ``"adaptive"``, ``"cascade"``,
        ``"forests"``, ``"ladder"``, ``"premodel"`` or ``"single:NAME"``.
    criterion : {"top1", "top5"}
        When a class counts as right.
    cost : str
        What to save: ``"time"``, ``"energy"``, or a sum such as ``"ms + 40 j"``.
    margin : float, optional
        How far above the single best model's score to aim, a share; 0 where not given.
    price : float, optional
        Score that a unit of cost is worth, in place of an aim.
    max_stages : int, optional
        Models that may run one after the other, for kinds that look; that ``"premodel"`` chooses among.
    learner, premodel : str
        Of ``"forests"`` and ``"premodel"``.
    theta : float
        Of ``"premodel"``: the share of inputs that each further model must add to those that one is right on.
    k : int
        Of ``"premodel"``: neighbours that vote, odd.
    rows : array, optional
        Positions of the inputs to learn from, integers; not given: all on which every model was run. Raises UsageError for
        others.
    seed : int
        Of whatever is drawn. The same seed gives the same policy.

    Returns
    -------
    Policy
    """
    options = _train_options(core.TrainOptions(), criterion, cost, margin, seed, price)
    options.kind, options.max_stages, options.learner, options.premodel = kind, max_stages, learner, premodel
    options.theta, options.k = theta, k
    if rows is not None:
        options.rows = np.ascontiguousarray(rows, dtype=np.int64)
    found, compared = core.train(table._core, options, resolve(progress, "train"))
    policy = Policy(found)
    policy.compared = [KindEstimate(*each) for each in compared]
    return policy


class Evaluation:
    """What policies are worth on a table, beside every single model and the usual rivals."""

    def __init__(self, found: Any, command: str) -> None:
        self._core = found
        self._command = command
        self._data: dict[str, Any] | None = None

    @property
    def verdict(self) -> str:
        """Which method to use, in one or two sentences."""
        return str(self._core.verdict)

    @property
    def remarks(self) -> list[str]:
        """What else the figures say, a sentence each."""
        return list(self._core.remarks)

    @property
    def warnings(self) -> list[str]:
        """What makes the figures doubtful, a sentence each."""
        return list(self._core.warnings)

    @property
    def data(self) -> dict[str, Any]:
        """Every figure, as ``triage evaluate --json`` has it (``docs/formats.md``)."""
        if self._data is None:
            self._data = json.loads(self._core.json(self._command))
        return self._data

    def frame(self, what: str = "methods") -> Any:
        """As a pandas frame.

        Parameters
        ----------
        what : {"methods", "folds", "frontiers"}
            A row for each method; for each method and fold; for each point of each frontier.
        """
        import pandas

        if what == "methods":
            return pandas.DataFrame([_method_row(method) for method in self.data["methods"]]).set_index("method")
        if what == "folds":
            rows = [
                {"method": method["name"], "fold": i, **fold}
                for method in self.data["methods"]
                for i, fold in enumerate(method["folds"])
            ]
            return pandas.DataFrame(rows)
        if what == "frontiers":
            rows = [
                {
                    "method": frontier["name"],
                    "cost": point["ms"],
                    **{key: point[key] for key in ("score", "price", "score_low", "score_high")},
                }
                for frontier in [self.data["zero_router"], *self.data["frontiers"]]
                for point in frontier["points"]
            ]
            return pandas.DataFrame(rows)
        raise errors.UsageError(f"frame: {what!r}, expected 'methods', 'folds' or 'frontiers'")

    @property
    def frontier(self) -> list[tuple[float, float]]:
        """(mean cost, mean score) of the recommended policy as its price is swept; of the first one where none is
        recommended; empty where no policy has prices."""
        chosen = chosen_frontier(self.data)
        return [] if chosen is None else [(point["ms"], point["score"]) for point in chosen["points"]]

    def to_html(self) -> str:
        """The report: one self-contained page."""
        return str(self._core.html(self._command))

    def save_html(self, path: Any) -> None:
        """Writes the report to a file, whole or not at all. Raises IoError."""
        core.write_report(os.fspath(path), self.to_html())

    def plot(self, ax: Any = None) -> Any:
        """Score against cost, with matplotlib. Returns the axes."""
        from triage.plots import plot_evaluation

        return plot_evaluation(self.data, ax)

    def __str__(self) -> str:
        return str(self._core.text())

    def __repr__(self) -> str:
        return f"Evaluation({self.verdict!r})"

    def _repr_html_(self) -> str:
        from triage.plots import in_frame

        return in_frame(self.to_html())


def chosen_frontier(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """That of what is recommended; the first where none is; nothing where no policy has prices."""
    frontiers: list[dict[str, Any]] = data["frontiers"]
    return next((f for f in frontiers if f["name"] == data["recommended"]), frontiers[0] if frontiers else None)


def _method_row(method: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"method": method["name"], "kind": method["kind"]}
    row |= {"score": method["score"]["value"], "score_low": method["score"]["low"], "score_high": method["score"]["high"]}
    row["cost"] = method["pooled"]["mean_ms"]
    for column, key in (("gain", "score_gain_over_sbs"), ("cost_ratio", "time_ratio_to_sbs")):
        estimate = method[key]
        row |= {column: estimate["value"], f"{column}_low": estimate["low"], f"{column}_high": estimate["high"]}
    row |= {key: method["pooled"][key] for key in ("closed_gap", "looks", "coverage")}
    return row


def evaluate(
    table: Table,
    policies: Policy | Mapping[str, Policy] | None = None,
    *,
    cv: int | str = 10,
    criterion: str = "top1",
    cost: str = "time",
    margin: float | None = None,
    bootstrap: int = 2000,
    learners: Sequence[str] = (),
    premodels: Sequence[str] = ("knn.knn.knn",),
    price: float | None = None,
    max_latency_ms: float | None = None,
    mean_latency_ms: float | None = None,
    seed: int = 0,
    progress: ProgressLike = True,
) -> Evaluation:
    """Judges what training chooses by cross-validation, or finished policies, beside all that they have to beat.

    Everything that is learned is learned inside the folds.

    Parameters
    ----------
    table : Table
        Finished policies are judged on all its inputs, which they must not have been trained on.
    policies : Policy or mapping of str to Policy, optional
        Finished ones; none: cross-validation.
    cv : int, "official" or "source"
        Folds; those that came with the inputs; a fold for each source.
    bootstrap : int
        Resamples for the 95 % intervals; 0 leaves them out.
    learners : sequence of str
        Further learners of ``forests`` to compare: ``pairwise``, ``knn``, ``boosted-regression``,
        ``boosted-classification``.
    premodels : sequence of str
        The paper's premodel, and variants beside it.
    price, max_latency_ms, mean_latency_ms : float, optional
        What is asked of finished policies.

    Returns
    -------
    Evaluation
    """
    options = _train_options(core.EvaluationOptions(), criterion, cost, margin, seed, price)
    options.folds, options.bootstrap = _folds(cv), bootstrap
    options.learners, options.premodels = list(learners), list(premodels)
    options.max_latency_ms, options.mean_latency_ms = max_latency_ms, mean_latency_ms
    if isinstance(policies, Policy):
        policies = {"policy": policies}
    named = [(name, policy._core) for name, policy in (policies or {}).items()]
    found = core.evaluate(table._core, named, options, resolve(progress, "evaluate"))
    arguments = "policies" if named else f"cv={cv!r}"
    return Evaluation(found, f"triage.evaluate(table, {arguments}, seed={seed})")


def _folds(cv: int | str) -> str:
    if cv in ("official", "source"):
        return str(cv)
    if isinstance(cv, (int, np.integer)) and not isinstance(cv, bool):
        return str(int(cv))
    raise errors.UsageError(f"cv: {cv!r}, expected a number of folds, 'official' or 'source'")


class Calibration:
    """What calibration has found.

    Attributes
    ----------
    policy : Policy or None
        With its certificate; None where the bound could not be shown.
    verdict : str
        Whether the bound holds, and at which cost, in a sentence or two.
    steps : list of dict
        The settings that were tested, from the best expected score to cheaper ones: ``price``, ``mean_loss``, ``p_value``,
        ``mean_cost``, ``passed``.
    inputs, left_out : int
        That took part; that did not, because the policy was trained on them.
    inputs_needed : float
        About how many inputs would do, where the bound could not be shown and that can be told.
    """

    def __init__(self, policy: Policy | None, facts: Mapping[str, Any]) -> None:
        self.policy = policy
        self.verdict = str(facts["verdict"])
        self.steps: list[dict[str, Any]] = list(facts["steps"])
        self.versus = str(facts["versus"])
        self.inputs = int(facts["inputs"])
        self.left_out = int(facts["left_out"])
        self.inputs_needed = float(facts["inputs_needed"])

    def __repr__(self) -> str:
        return f"Calibration({self.verdict!r})"


def calibrate(
    policy: Policy,
    held_out: Table,
    *,
    max_loss: float = 0.01,
    delta: float = 0.05,
    versus: str = "",
    anytime: bool = False,
    per: str = "",
    progress: ProgressLike = True,
) -> Calibration:
    """Certifies the cheapest setting whose loss against one model stays within a bound.

    Parameters
    ----------
    policy : Policy
        One that has prices.
    held_out : Table
        Inputs that it was not trained on; those that it was are left out.
    max_loss : float
        Of mean score, a share: 0.01 is one point.
    delta : float
        The probability, over the inputs, that the promise is wrong.
    versus : str
        The model to compare with; empty: the best single one in training.
    anytime : bool
        Whether calibration may be repeated while inputs are added; takes more of them.
    per : {"", "class", "source"}
        What the promise has to hold in each of besides.

    Returns
    -------
    Calibration
    """
    options = core.CalibrationOptions()
    options.max_loss, options.delta, options.versus = max_loss, delta, versus
    options.anytime, options.per = anytime, per
    found, facts = core.calibrate(held_out._core, policy._core, options, resolve(progress, "calibrate"))
    return Calibration(None if found is None else Policy(found), facts)
