#!/usr/bin/env python3
"""Extracts one figure from a report and writes it as an SVG file, such as the README's picture.

usage: report_picture.py REPORT.html OUT.svg [FIGURE]     FIGURE: its id in the report (default: scatter)

The report's colours are CSS variables for light and dark pages; the SVG file gets both.
"""
import re
import sys


def variables(style):
    """The :root block of colours, and the one for dark pages."""
    light = re.search(r":root\s*{[^}]*}", style).group(0)
    dark = re.search(r"@media \(prefers-color-scheme: dark\)\s*{\s*:root\s*{[^}]*}\s*}", style)
    return light + (dark.group(0) if dark else "")


def svg_rules(style):
    """Rules that can apply inside a drawing: those that name svg or a class, one a line."""
    flat = re.sub(r"@media[^{]*{(?:[^{}]*{[^}]*})*\s*}", "", re.sub(r"/\*.*?\*/", "", style, flags=re.S), flags=re.S)
    rules = re.findall(r"([^{}]+){([^}]*)}", flat)
    return "\n".join(f"{s.strip()} {{{b.strip()}}}" for s, b in rules if "svg" in s or s.strip().startswith("."))


def picture(html, figure):
    style = "\n".join(re.findall(r"<style[^>]*>(.*?)</style>", html, flags=re.S))
    body = re.search(rf'<figure id="{re.escape(figure)}">(.*?)</figure>', html, flags=re.S)
    if body is None:
        known = ", ".join(re.findall(r'<figure id="([^"]+)">', html))
        raise SystemExit(f"report_picture: no figure '{figure}', expected one of: {known}")
    drawings = re.findall(r"<svg.*?</svg>", body.group(1), flags=re.S)
    drawing = max(drawings, key=len)  # the others are the legend's symbols
    drawing = drawing.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    box = [float(v) for v in re.search(r'viewBox="([^"]+)"', drawing).group(1).split()]
    page = f'<rect x="{box[0]:g}" y="{box[1]:g}" width="{box[2]:g}" height="{box[3]:g}" fill="var(--page)"/>'
    head = f"<style>\n{variables(style)}\n{svg_rules(style)}\n</style>{page}"
    return re.sub(r"(<svg[^>]*>)", lambda m: m.group(1) + head, drawing, count=1) + "\n"


def main():
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as report:
        drawing = picture(report.read(), sys.argv[3] if len(sys.argv) == 4 else "scatter")
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write(drawing)


if __name__ == "__main__":
    main()
