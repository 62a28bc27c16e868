"""Outcomes of models on inputs: what everything is learned from and judged on."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from triage import errors
from triage._native import core

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

PathLike = Union[str, "os.PathLike[str]"]
#: pandas, polars, an Arrow table, or a mapping of names to columns.
FrameLike = Union["IntoDataFrame", Mapping[str, Any]]


class Table:
    """n inputs x m models: what each model scored on each input, what that cost, and what is known of the inputs.

    Made by `from_frame`, `from_outcomes`, `from_scores`, `load` or `read`.
    """

    __slots__ = ("_core",)

    def __init__(self, found: Any) -> None:
        self._core = found

    # ---- where tables come from ----

    @classmethod
    def load(cls, *profiles: PathLike, labels_from: str = "", allow_partial: bool = False) -> Table:
        """Reads profiles that ``triage profile``, ``triage import`` or `profile` made.

        Parameters
        ----------
        *profiles : path
            One, or several of the same models.
        labels_from : str
            The model whose answers are taken for labels; empty: those of the inputs.
        allow_partial : bool
            Whether a profile that is not finished is read all the same.
        """
        return cls(core.load_table([os.fspath(path) for path in profiles], labels_from, allow_partial))

    @classmethod
    def read(cls, file: PathLike, **columns: Any) -> Table:
        """Imports a CSV or JSON-lines file, gzipped or not; what columns are is told by their names.

        The keywords are those of `from_frame`; ``docs/tables.md`` has the forms.
        """
        path = os.fspath(file)
        bare = path.removesuffix(".gz")
        is_json = bare.endswith((".jsonl", ".ndjson", ".json"))
        return cls._imported(lambda options, out: core.import_file(path, is_json, options, out), columns)

    @classmethod
    def from_frame(cls, frame: FrameLike, **columns: Any) -> Table:
        """From a data frame: long, a row for each input and model, or wide, a row for each input.

        Parameters
        ----------
        frame : pandas, polars, Arrow, or a mapping of names to columns
            Long where a column says which model a row is of; wide with columns such as ``gpt-4:score`` and ``gpt-4:usd``.
        input, model, score, cost, signal, answer, label, group, fold : str, optional
            The names of these columns, where they are not called so (``docs/tables.md`` lists the names that are known).
            `signal` is what a model says of its own score, `answer` what it answered, right where it is the `label`.
        features : sequence of str, optional
            Columns that are known before any model runs. Not given: all other columns of numbers.
        ignore : sequence of str, optional
            Columns that are neither.
        cost_unit : str, optional
            What costs count in; not given: the name of the column `cost`.
        score_name : str, optional
            What scores are called.
        score_range : (float, float), optional
            The worst and the best score; not given: 0 and 1 where all lie between them, else what is seen.
        lower_is_better : bool
            Where the range is that which is seen.
        cutoff : float, optional
            Costs are run times that end here, and scores follow from them (PAR10).
        name : str
            What messages call the table.

        Raises
        ------
        DataError
            With the line, from 1, and the column of what is wrong.
        """
        name = str(columns.pop("name", "frame"))
        texts = _texts(frame)
        return cls._imported(lambda options, out: core.import_columns(texts, name, options, out), columns, [c for c, _ in texts])

    @classmethod
    def from_outcomes(
        cls,
        probabilities: Mapping[str, npt.ArrayLike],
        y: npt.ArrayLike,
        costs: Mapping[str, npt.ArrayLike | float],
        *,
        classes: Sequence[Any] | None = None,
        cost_unit: str = "ms",
        X: npt.ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
    ) -> Table:
        """From what classifiers said of n inputs.

        Parameters
        ----------
        probabilities : mapping of str to array of shape (n, k)
            Class probabilities by each model, cheap or not, in any order.
        y : array of shape (n,)
            The right classes.
        costs : mapping of str to float or array of shape (n,)
            What a run of each model costs.
        classes : sequence of length k, optional
            The class that each column is of; not given: the sorted values of `y`.
        X : array of shape (n, d), optional
            What is known of the inputs before any model runs.
        """
        names = list(probabilities)
        values = [np.ascontiguousarray(probabilities[name], dtype=np.float32) for name in names]
        truth = np.asarray(y)
        known = np.unique(truth) if classes is None else np.asarray(classes)
        n = len(truth)
        for name, each in zip(names, values):
            if each.ndim != 2 or each.shape != (n, len(known)):
                raise errors.UsageError(
                    f"probabilities of '{name}': shape {each.shape}, expected ({n}, {len(known)}), "
                    "a row for each of y and a column for each class"
                )
        if set(costs) != set(names):
            raise errors.UsageError(f"costs: of {sorted(costs)}, expected of {sorted(names)}, the models")
        each_cost = [np.ascontiguousarray(np.broadcast_to(np.asarray(costs[name], dtype=np.float32), (n,))) for name in names]
        features, columns = None, []
        if X is not None:
            features = np.ascontiguousarray(X, dtype=np.float32)
            columns = [str(c) for c in feature_names] if feature_names is not None else [f"x{i}" for i in range(features.shape[1])]
        labels = class_numbers(truth, known)
        texts = [str(c) for c in known]
        return cls(core.table_of_outcomes(names, values, each_cost, labels, texts, cost_unit, features, columns))

    @classmethod
    def from_scores(
        cls,
        scores: npt.ArrayLike,
        *,
        X: npt.ArrayLike | None = None,
        costs: npt.ArrayLike | None = None,
        models: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
        score_range: tuple[float, float] = (0.0, 1.0),
        score_name: str = "score",
        cost_unit: str | None = None,
    ) -> Table:
        """From what m models or algorithms scored on n inputs, without answers.

        Parameters
        ----------
        scores : array of shape (n, m)
            NaN where a model was not run.
        X : array of shape (n, d), optional
            What is known of the inputs before any model runs; NaN where missing.
        costs : array of shape (n, m) or (m,), optional
            Of each run; not given: 1.
        models, feature_names : sequence of str, optional
            Not given: ``m0`` and on, ``x0`` and on.
        score_range : (float, float)
            The worst and the best score, in this order; what lies beyond counts as the end.
        score_name, cost_unit : str
            What they are called.
        """
        values = np.ascontiguousarray(scores, dtype=np.float64)
        if values.ndim != 2 or 0 in values.shape:
            raise errors.UsageError(
                f"scores: shape {values.shape}, expected (n, m), a row for each input and a column for each model"
            )
        n, m = values.shape
        names = [f"m{j}" for j in range(m)] if models is None else [str(each) for each in models]
        if len(names) != m:
            raise errors.UsageError(f"models: {len(names)} names, expected {m}, one for each column of scores")
        worst, best = (float(end) for end in score_range)
        if not (np.isfinite(worst) and np.isfinite(best)) or worst == best:
            raise errors.UsageError(f"score_range: {score_range}, expected two finite numbers that differ")
        cost = np.array(np.broadcast_to(np.asarray(1.0 if costs is None else costs, dtype=np.float32), (n, m)))
        cost[np.isnan(values)] = np.nan
        unit = cost_unit or ("runs" if costs is None else "cost")
        features, columns = None, []
        if X is not None:
            features = np.ascontiguousarray(X, dtype=np.float32)
            if features.ndim != 2 or len(features) != n:
                raise errors.UsageError(f"X: shape {features.shape}, expected ({n}, d), a row for each of scores")
            columns = [f"x{j}" for j in range(features.shape[1])] if feature_names is None else [str(c) for c in feature_names]
            if len(columns) != features.shape[1]:
                raise errors.UsageError(f"feature_names: {len(columns)}, expected {features.shape[1]}, one for each column of X")
        return cls(core.table_of_scores(names, values, cost, features, columns, score_name, (worst, best), unit))

    @classmethod
    def _imported(cls, run: Any, columns: dict[str, Any], names: Sequence[str] = ()) -> Table:
        with tempfile.TemporaryDirectory(prefix="triage-") as folder:
            out = os.path.join(folder, "table.profile")
            run(_column_options(columns, names), out)
            return cls(core.load_table([out], "", False))

    # ---- what is in it ----

    @property
    def models(self) -> list[str]:
        """Names of the m models."""
        return list(self._core.models)

    @property
    def ids(self) -> list[str]:
        """Names of the n inputs."""
        return list(self._core.ids)

    @property
    def feature_names(self) -> list[str]:
        """Names of the d features."""
        return list(self._core.feature_names)

    @property
    def label_names(self) -> list[str]:
        """What the classes are called."""
        return list(self._core.label_names)

    @property
    def cost_unit(self) -> str:
        """What costs count in."""
        return str(self._core.cost_unit)

    @property
    def labels(self) -> npt.NDArray[np.int32]:
        """The right classes, of shape (n,), -1 where not known; the table's own memory, read-only."""
        return np.asarray(self._core.labels)

    @property
    def features(self) -> npt.NDArray[np.float32]:
        """Of shape (n, d), NaN where missing; the table's own memory, read-only."""
        return np.asarray(self._core.features)

    def scores(self, criterion: str = "top1") -> npt.NDArray[np.float32]:
        """Of shape (n, m), from 0 (worst) to 1 (best); NaN where a model was not run."""
        return np.asarray(self._core.scores(criterion))

    def costs(self) -> npt.NDArray[np.float32]:
        """Of shape (n, m), in `cost_unit`; NaN where a model was not run."""
        return np.asarray(self._core.costs())

    def answers(self) -> npt.NDArray[np.int32]:
        """The class that each model answered, of shape (n, m); -1 where there is none."""
        return np.asarray(self._core.answers())

    def confidences(self) -> npt.NDArray[np.float32]:
        """What each model says of its own answer, of shape (n, m); NaN where nothing."""
        return np.asarray(self._core.confidences())

    def frame(self, what: str = "scores") -> Any:
        """One of ``"scores"``, ``"costs"`` (or ``"times"``), ``"answers"``, ``"confidences"``, ``"features"`` as a pandas frame,
        indexed by the inputs' ids."""
        import pandas

        if what == "features":
            return pandas.DataFrame(self.features, index=self.ids, columns=self.feature_names)
        values = {
            "scores": self.scores,
            "costs": self.costs,
            "times": self.costs,
            "answers": self.answers,
            "confidences": self.confidences,
        }
        if what not in values:
            raise errors.UsageError(f"frame: {what!r}, expected one of features, {', '.join(values)}")
        return pandas.DataFrame(values[what](), index=self.ids, columns=self.models)

    def select(self, rows: npt.ArrayLike) -> Table:
        """The table with these inputs alone, by position or by a mask of shape (n,), in this order."""
        chosen = np.asarray(rows)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        return Table(self._core.select([int(i) for i in chosen]))

    def split(self, share: float = 0.5, *, seed: int = 0) -> tuple[Table, Table]:
        """Two tables, the first with about this share of the inputs; groups stay whole."""
        drawn, rest = self._core.draw(share, seed)
        return Table(self._core.select(drawn)), Table(self._core.select(rest))

    def export(self, out: PathLike, *, form: str = "long") -> None:
        """Writes it as CSV, ``"long"`` or ``"wide"``, which `read` reads."""
        if form not in ("long", "wide"):
            raise errors.UsageError(f"form: {form!r}, expected 'long' or 'wide'")
        self._core.export(os.fspath(out), form == "long", None)

    def __len__(self) -> int:
        return int(self._core.n_inputs)

    def __repr__(self) -> str:
        return f"Table({len(self)} inputs, models {', '.join(self.models)}, costs in {self.cost_unit})"


def class_numbers(y: npt.NDArray[Any], classes: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """The position of each of `y` in `classes`. Raises UsageError for one that is not there."""
    order = np.argsort(classes, kind="stable")
    at = np.clip(np.searchsorted(classes, y, sorter=order), 0, len(classes) - 1)
    numbers = order[at]
    wrong = np.flatnonzero(classes[numbers] != y)
    if len(wrong) > 0:
        raise errors.UsageError(f"y[{wrong[0]}]: {y[wrong[0]]!r}, expected one of the classes {list(classes)}")
    return numbers.astype(np.int32)


_ROLES = {
    "input": "id",
    "model": "model",
    "score": "score",
    "cost": "cost",
    "signal": "signal",
    "answer": "answer",
    "label": "label",
    "group": "group",
    "fold": "fold",
}


def _column_options(columns: dict[str, Any], names: Sequence[str]) -> Any:
    options = core.ColumnOptions()
    roles: list[tuple[str, str]] = []
    for keyword, role in _ROLES.items():
        column = columns.pop(keyword, None)
        if column is not None:
            roles.append((str(column), role))
    cost = next((column for column, role in roles if role == "cost"), None)
    if cost is not None:
        options.cost_unit = cost
    named = {column for column, _ in roles}
    features = columns.pop("features", None)
    if features is not None:
        roles += [(str(column), "feature") for column in features]
        wanted = {str(column) for column in features}
        roles += [(column, "ignore") for column in names if column not in wanted | named and ":" not in column]
    roles += [(str(column), "ignore") for column in columns.pop("ignore", ())]
    options.roles = roles
    score_range = columns.pop("score_range", None)
    if score_range is not None:
        options.worst, options.best = (float(end) for end in score_range)
    for keyword in ("cost_unit", "score_name", "cutoff"):
        value = columns.pop(keyword, None)
        if value is not None:
            setattr(options, keyword, value)
    options.lower_is_better = bool(columns.pop("lower_is_better", False))
    if columns:
        raise TypeError(f"unexpected keywords: {', '.join(sorted(columns))}")
    return options


def _texts(frame: FrameLike) -> list[tuple[str, list[str]]]:
    """Each column as the texts that a CSV would have; nothing where a value is missing."""
    if isinstance(frame, Mapping):
        return [(str(name), [_text(value) for value in np.asarray(column).tolist()]) for name, column in frame.items()]
    import narwhals as nw

    native: Any = nw.from_native(frame, eager_only=True)
    return [(str(name), [_text(value) for value in native[name].to_list()]) for name in native.columns]


def _text(value: Any) -> str:
    if value is None or value is getattr(sys.modules.get("pandas"), "NA", None) or value != value:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
