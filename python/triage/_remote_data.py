"""Pictures that are elsewhere, as files of this machine: URIs that fsspec reads, and data sets of Ray."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from triage import errors


def is_uri(path: str) -> bool:
    """Whether it is one that fsspec reads, such as ``s3://bucket/folder``."""
    return "://" in path


def local_copy(uri: str) -> str:
    """The file or folder on this machine; fetched once, by whichever process is first."""
    try:
        import fsspec
    except ImportError:
        raise errors.UsageError(f"{uri}: is a URI, expected a path where fsspec is not installed; pip install fsspec") from None
    try:
        system, path = fsspec.core.url_to_fs(uri)
        # A file that has changed is another one; of folders nobody knows.
        version = str(system.ukey(path)) if system.isfile(path) else ""
    except (OSError, ValueError, ImportError) as error:
        raise errors.IoError(f"{uri}: cannot be opened ({error}), expected a URI that fsspec reads") from None
    folder = cache_folder() / hashlib.sha256(f"{uri}\n{version}".encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.rstrip("/").rsplit("/", 1)[-1]
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            fresh = folder / "fetching"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            try:
                if system.isfile(path):
                    system.get_file(path, str(fresh / target.name))
                else:
                    system.get(path.rstrip("/") + "/", str(fresh / target.name) + "/", recursive=True)
            except (OSError, ValueError) as error:
                shutil.rmtree(fresh, ignore_errors=True)
                raise errors.IoError(f"{uri}: cannot be fetched ({error}), expected pictures; try again") from None
            os.replace(fresh / target.name, target)
    return str(target)


def cache_folder() -> pathlib.Path:
    """Where fetched pictures are kept."""
    return pathlib.Path(tempfile.gettempdir()) / f"triage-data-{os.getuid()}"


def local_copies(paths: Sequence[str]) -> list[str]:
    """The paths, with URIs fetched."""
    return [local_copy(path) if is_uri(path) else path for path in paths]


def labels_beside(uri: str) -> str | None:
    """The labels that lie beside an IDX file, which have to be fetched with it."""
    folder, _, name = uri.rpartition("/")
    if "images-idx3" not in name:
        return None
    import fsspec

    beside = f"{folder}/{name.replace('images-idx3', 'labels-idx1')}"
    system, path = fsspec.core.url_to_fs(beside)
    return beside if system.exists(path) else None


def write_rows(rows: Any, folder: pathlib.Path) -> tuple[str, str | None]:
    """Writes a data set of Ray as files: (folder of pictures, their labels if there are any).

    Rows have ``image`` (uint8 pixels of shape (height, width) or (height, width, 3)) or ``bytes`` (an encoded picture),
    and may have ``label`` and ``id`` or ``path``. What was written whole before is taken again.
    """
    pictures, labels, done = folder / "pictures", folder / "labels.csv", folder / "done"
    if not done.exists():
        shutil.rmtree(pictures, ignore_errors=True)
        pictures.mkdir(parents=True)
        lines = []
        for i, row in enumerate(rows.iter_rows()):
            name = _name_of(row, i)
            target = pictures / name
            if target.exists():
                raise errors.DataError(f"data: two rows have the id '{name}', expected different ones")
            target.write_bytes(_file_of(row, i))
            if "label" in row:
                lines.append((name, row["label"]))
        with open(labels, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([("file", "label"), *lines])
        done.write_text(str(len(lines)))
    return str(pictures), str(labels) if int(done.read_text()) > 0 else None


def _name_of(row: dict[str, Any], i: int) -> str:
    stem = str(row.get("id", row.get("path", f"{i:08d}"))).replace("/", "_").lstrip(".")
    if "image" in row:
        return stem + ".ppm"
    return stem if pathlib.PurePath(stem).suffix else stem + ".jpg"


def _file_of(row: dict[str, Any], i: int) -> bytes:
    if "bytes" in row:
        return bytes(row["bytes"])
    if "image" not in row:
        raise errors.DataError(f"data: row {i} has the columns {sorted(row)}, expected 'image' or 'bytes'")
    pixels = np.ascontiguousarray(row["image"])
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3))):
        raise errors.DataError(
            f"data: row {i} has an image of {pixels.dtype} and shape {pixels.shape}, expected uint8 of shape (height, width) or "
            "(height, width, 3)"
        )
    kind = b"P6" if pixels.ndim == 3 and pixels.shape[2] == 3 else b"P5"
    return kind + f"\n{pixels.shape[1]} {pixels.shape[0]}\n255\n".encode() + pixels.tobytes()
