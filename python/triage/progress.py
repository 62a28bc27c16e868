"""How far long work is: a bar by default, or whatever the caller brings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Union

#: What `progress` arguments take: True for a bar where somebody looks, False for none, or a callable
#: ``f(done, total, what)``, or a class like `tqdm.tqdm`.
ProgressLike = Union[bool, Callable[..., Any]]

_Show = Callable[[int, int, str], None]


class _TqdmShow:
    """Drives an object with the interface of tqdm."""

    def __init__(self, make: Callable[..., Any], title: str) -> None:
        self._make, self._title = make, title
        self._bar: Any = None
        self._done = 0

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._bar is None:
            self._bar = self._make(total=total, desc=self._title)
        if self._bar.total != total:
            self._bar.total = total
        self._bar.update(done - self._done)
        self._done = done
        if done >= total:
            self._bar.close()


class _TerminalShow:
    """A bar of one line on a terminal, gone when the work has ended."""

    _WIDTH = 30

    def __init__(self, title: str) -> None:
        self._title = title

    def __call__(self, done: int, total: int, what: str) -> None:
        if total <= 0:
            return
        filled = self._WIDTH * done // total
        bar = "#" * filled + "." * (self._WIDTH - filled)
        end = "\r\x1b[K" if done >= total else ""
        sys.stderr.write(f"\r{self._title} [{bar}] {done}/{total} {what}\x1b[K{end}")
        sys.stderr.flush()


def _in_notebook() -> bool:
    get = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get() if get is not None else None
    return shell is not None and "IPKernelApp" in getattr(shell, "config", {})


def resolve(progress: ProgressLike, title: str) -> _Show | None:
    """What shows the progress of work with this title; None where nobody looks."""
    if progress is False:
        return None
    if progress is True:
        if _in_notebook():
            try:
                from tqdm.notebook import tqdm
            except ImportError:
                return None
            return _TqdmShow(tqdm, title)
        return _TerminalShow(title) if sys.stderr.isatty() else None
    if isinstance(progress, type) or hasattr(progress, "pandas"):
        return _TqdmShow(progress, title)
    return progress
