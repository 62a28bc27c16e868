#!/usr/bin/env python3
"""Makes large JPEG photographs of small ones, to measure what decoding at the size needed changes.

    tools/enlarge_photographs.py SOURCE OUT WIDTH HEIGHT

Every picture in the folder SOURCE is resized (bicubic) to WIDTH x HEIGHT, or the other way round where it stands
upright, and written to OUT under its name, quality 90, colours at half the resolution. Needs Pillow.
"""

import argparse
from pathlib import Path

from PIL import Image


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("width", type=int)
    parser.add_argument("height", type=int)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for file in sorted(args.source.iterdir()):
        with Image.open(file) as picture:
            size = (args.width, args.height)
            if picture.width < picture.height:
                size = size[::-1]
            picture.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(
                args.out / file.name, "JPEG", quality=90, subsampling="4:2:0")


if __name__ == "__main__":
    main()
