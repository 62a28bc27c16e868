"""Reads what two builds wrote, for `tools/output_differences.py`: policy files, JSON documents and reports as plain
fields by path, and texts by place.
"""

from __future__ import annotations

import html.parser
import re
import struct
from pathlib import Path
from typing import Any, NamedTuple


class Absent:
    def __repr__(self) -> str:
        return "(absent)"


ABSENT = Absent()


class Text(NamedTuple):
    """A piece of text, or an element of a page with its attributes."""

    place: str
    text: str
    group: str = ""  # texts are matched with those of the same group only


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def cbor(data: bytes, at: int = 0) -> tuple[Any, int]:
    """The item at byte `at`, and where it ends: what policy files use of RFC 8949 (docs/formats.md)."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7 and info in (20, 21, 22):
        return (False, True, None)[info - 20], at
    if major == 7 and info in (25, 26, 27):
        size = 1 << info - 24
        return struct.unpack_from(">" + "efd"[info - 25], data, at)[0], at + size
    if major > 5 or info > 27:
        raise ValueError(f"byte {at - 1}: CBOR of type {major}, {info}, expected none of it")
    number = info
    if info > 23:
        number = int.from_bytes(data[at:at + (1 << info - 24)], "big")
        at += 1 << info - 24
    if major < 2:
        return (-1 - number if major else number), at
    if major < 4:
        chunk = data[at:at + number]
        if len(chunk) < number:
            raise ValueError(f"byte {at}: {number} bytes, expected no more than the file holds")
        return (chunk if major == 2 else chunk.decode()), at + number
    items = []
    for _ in range(number * (major - 3)):
        item, at = cbor(data, at)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at


def read_policy(path: Path) -> dict:
    """The file as one document, the payload decoded."""
    try:
        document, _ = cbor(path.read_bytes())
        return document | {"payload": cbor(document["payload"])[0]}
    except (IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        return {"unreadable": str(error)}


def keys_of(items: list) -> list:
    """Names by which a list's items are matched, if they have unique ones; else their positions. Points of a frontier
    are sorted by time, which is noisy, so they are matched by price."""
    prices = [item.get("price") if isinstance(item, dict) and "ms" in item else None for item in items]
    if all(map(is_number, prices)) and len(set(prices)) == len(prices):
        return [f"price {price!r}" for price in prices]
    for names in (("name",), ("input",), ("method", "reference"), ("method",), ("stage",)):
        keys = [[item.get(name) for name in names] if isinstance(item, dict) else [None] for item in items]
        if all(isinstance(part, str) for key in keys for part in key):
            joined = ["/".join(key) for key in keys]
            if len(set(joined)) == len(joined):
                return joined
    return list(range(len(items)))


def flatten(value: Any, path: str, fields: dict[str, Any], texts: list[Text] | None) -> None:
    """Puts leaves by path into `fields`; sentences (strings with spaces) go into `texts` if it is given."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            flatten(item, f"{path}.{key}" if path else str(key), fields, texts)
    elif isinstance(value, list) and value:
        keys = keys_of(value)
        if isinstance(keys[0], str) and not keys[0].startswith("price "):
            fields[f"{path} in order"] = ", ".join(keys)
        for key, item in zip(keys, value):
            flatten(item, f"{path}[{key}]", fields, texts)
    elif isinstance(value, str) and " " in value and texts is not None:
        texts.append(Text(path, value, re.sub(r"\[\d+\]$", "", path)))
    else:
        fields[path] = value


def document_of(value: Any) -> dict:
    fields: dict[str, Any] = {}
    texts: list[Text] = []
    flatten(value, "", fields, texts)
    return {"fields": fields, "texts": texts}


class Page(html.parser.HTMLParser):
    """An HTML report as a list of texts: each row of a table, else each text and each element with attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[Text] = []
        self.section, self.figure, self.row = "head", "", None
        self.open: list[str] = []
        self.feed(page)

    def add(self, kind: str, text: str) -> None:
        self.texts.append(Text(f"{self.section}{self.figure}: {kind}", text))

    def handle_starttag(self, tag: str, attributes: list) -> None:
        known = dict(attributes)
        self.open.append(tag)
        if tag == "figure":
            self.figure = f", figure {known.get('id')}"
        if tag == "tr":
            self.row = [f"({known['class']})"] if "class" in known else []
        elif attributes and self.row is None:
            self.add(f"{tag}.{known.get('class', '')}",
                     f"<{tag} " + " ".join(f'{key}="{value}"' for key, value in attributes) + ">")

    def handle_startendtag(self, tag: str, attributes: list) -> None:
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()
        if tag == "tr":
            self.add("row", " | ".join(self.row))
            self.row = None
        elif tag == "figure":
            self.figure = ""

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        if self.open and self.open[-1] == "h2":
            self.section = data
        if self.row is None:
            self.add(self.open[-1] if self.open else "text", data.strip())
        else:
            self.row.append(data.strip())
