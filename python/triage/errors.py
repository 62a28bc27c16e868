"""What goes wrong: `Error`, and a class for each kind, which is also one that Python has."""

from __future__ import annotations


class Error(Exception):
    """What Triage raises.

    The message reads ``<object>: <found>, expected <...>; <next step>``.

    Attributes
    ----------
    code : str
        The kind of error, such as ``"usage"``, ``"io"`` or ``"policy"``.
    """

    code: str = "internal"


class UsageError(Error, ValueError):
    """Asked for something that makes no sense: options, unknown names, shapes."""

    code = "usage"


class ImageError(Error, ValueError):
    """One picture is of no known format, damaged, or too large."""

    code = "image"


class ImageFormatError(ImageError):
    """One picture is of no format that is read."""

    code = "image_format"


class ImageDamagedError(ImageError):
    """One picture is empty, cut short or corrupt."""

    code = "image_damaged"


class ImageTooLargeError(ImageError):
    """One picture is over the limits of `DecodeOptions`."""

    code = "image_too_large"


class DataError(Error, ValueError):
    """A data set or a table is malformed."""

    code = "data"


class ManifestError(Error, ValueError):
    """A zoo's manifest is malformed, or a model file is not the one that it states."""

    code = "manifest"


class ProfileError(Error, ValueError):
    """A profile is damaged, of another version, locked, or does not fit."""

    code = "profile"


class PolicyError(Error, ValueError):
    """A policy is damaged, of another version, or does not fit the zoo or the table."""

    code = "policy"


class ModelError(Error, ValueError):
    """A model file cannot be loaded, or its shapes are not the manifest's."""

    code = "model"


class EngineError(Error, RuntimeError):
    """A model failed while running, or its engine is missing here."""

    code = "engine"


class IoError(Error, OSError):
    """A file cannot be opened, read or written."""

    code = "io"


class InterruptedWork(Error, RuntimeError):
    """Work was asked to stop, by something other than Ctrl-C, which raises KeyboardInterrupt."""

    code = "interrupted"


class InternalError(Error, RuntimeError):
    """A bug in Triage."""

    code = "internal"


_CLASSES: dict[str, type[Error]] = {
    each.code: each
    for each in (
        UsageError,
        ImageFormatError,
        ImageDamagedError,
        ImageTooLargeError,
        DataError,
        ManifestError,
        ProfileError,
        PolicyError,
        ModelError,
        EngineError,
        IoError,
        InterruptedWork,
        InternalError,
    )
}


def class_of(code: str) -> type[Error]:
    """The class of the errors with this code."""
    return _CLASSES.get(code, Error)
