"""The code of the documentation: C++ blocks as one source, and the commands that it shows."""
import re
import shlex
import sys
from pathlib import Path
from typing import NamedTuple


class Block(NamedTuple):
    place: str  # FILE:LINE of its first line
    lines: list


class Command(NamedTuple):
    place: str
    words: list  # without the program
    in_block: bool  # else in running text


def cpp_blocks(path):
    """Every fenced block of `path` that says it is cpp."""
    blocks, lines = [], Path(path).read_text(encoding="utf-8").split("\n")
    block = None
    for number, line in enumerate(lines, 1):
        if line.startswith("```cpp"):
            block = Block(f"{path}:{number + 1}", [])
        elif line.startswith("```") and block is not None:
            blocks.append(block)
            block = None
        elif block is not None:
            block.lines.append(line)
    return blocks


def cpp_source(blocks):
    """Compiles when every block does. A block is a function's body, or whole functions if one is called main."""
    includes, bodies = ["#include <iostream>"], []
    for number, (place, lines) in enumerate(blocks):
        file, first = place.rsplit(":", 1)
        mark = f'#line {first} "{file}"'
        includes += [line for line in lines if line.startswith("#include")]
        body = "\n".join("" if line.startswith("#include") else line for line in lines)
        whole = re.search(r"^int main\(", body, re.MULTILINE)
        opening = f"namespace block_{number} {{" if whole else f"void block_{number}();\nvoid block_{number}() {{"
        bodies.append(f"{opening}\n{mark}\n{body}\n}}\n")
    return "\n".join(dict.fromkeys(includes)) + "\n\n" + "\n".join(bodies)


def commands(path):
    """Every call of `triage` in the indented blocks of `path`, and of those in its code spans what has options."""
    found, text = [], Path(path).read_text(encoding="utf-8").replace("\\\n", "  ")
    call = re.compile(r"(?:build/release/|\$)?triage ([a-z].*)")
    for number, line in enumerate(text.split("\n"), 1):
        in_block = line.startswith("    ")
        for piece in [line] if in_block else re.findall(r"`([^`]+ -[^`]+)`", line):
            match = call.fullmatch(re.sub(r"\s+#.*", "", piece.strip()))
            if match:
                found.append(Command(f"{path}:{number}", shlex.split(match.group(1)), in_block))
    return found


if __name__ == "__main__":  # docs_code.py OUT.cpp FILES...
    every = [block for path in sys.argv[2:] for block in cpp_blocks(path)]
    Path(sys.argv[1]).write_text(cpp_source(every), encoding="utf-8")
