#!/usr/bin/env python3
"""Checks that every link between the pages of a folder leads to a page, and to a place on it. Usage: check_links.py FOLDER"""
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The places of a page, and where it links to."""

    def __init__(self, text):
        super().__init__()
        self.places, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.places |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])


def faults(folder):
    """A sentence for each link that leads nowhere, and how many links there are."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    found, n_links = [], 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            n_links += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            known = {each.resolve(): each for each in pages}
            if target not in known:
                if not target.exists():
                    found.append(f"{path}: links to '{link}', expected a page that is there")
            elif parts.fragment and unquote(parts.fragment) not in pages[known[target]].places:
                found.append(f"{path}: links to '{link}', expected a place on that page")
    return found, n_links


if __name__ == "__main__":
    wrong, total = faults(Path(sys.argv[1]))
    print("\n".join(wrong) or f"check_links: {total} links are good")
    sys.exit(1 if wrong or total == 0 else 0)
