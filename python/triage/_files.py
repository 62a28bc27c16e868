"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import pathlib

from triage import errors


def write_whole(file: str | os.PathLike[str], text: str) -> None:
    """Raises IoError, and leaves what was there."""
    target = pathlib.Path(file)
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, target)
    except OSError as error:
        try:
            fresh.unlink(missing_ok=True)
        except OSError:
            pass
        raise errors.IoError(f"{target}: cannot be written ({error.strerror}), expected a writable place with room for it") from None
