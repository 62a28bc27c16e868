#!/usr/bin/env python3
"""Makes sequences of frames from photographs, as a camera would see them: still, panning, zooming, in changing light,
with cuts. For `triage reuse` and `triage classify --stream`.

    tools/make_sequences.py PHOTOGRAPHS LABELS.csv OUT [--sequences 24] [--shots 5] [--frames 20] [--seed 1]

Every sequence is a folder of OUT with the frames of its shots one after the other; every shot shows one photograph,
and no photograph is in two sequences. OUT/labels.csv has the label of each frame's photograph. LABELS.csv has a head
`file,label`. The same seed makes the same frames. Needs Pillow and NumPy.

A shot has half to one and a half times --frames frames, and one of four movements: still (the camera shakes by a
pixel), pan and zoom (the window moves or shrinks by up to a third of the picture), light (brightness goes to 60 to
150 %). Noise of two gray levels and JPEG of quality 90 are added to every frame.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (400, 300)
MOVEMENTS = ("still", "pan", "zoom", "light")
NOISE = 2.0  # standard deviation, gray levels


def read_labels(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {row["file"]: row["label"] for row in csv.DictReader(file)}


def shot(photograph, movement, frames, random):
    """Yields the frames of one photograph: windows of its size times `scale`, at (x, y) of the room that is left."""
    begin_scale, end_scale = 0.8, 0.8
    begin, end = random.random(2), None
    if movement == "pan":
        end = random.random(2)
    elif movement == "zoom":
        begin_scale, end_scale = random.permutation([1.0, 1.0 - random.uniform(0.1, 0.33)])
    light = random.uniform(0.6, 1.5) if movement == "light" else 1.0
    end = begin if end is None else end
    for i in range(frames):
        t = i / max(1, frames - 1)
        scale = begin_scale + t * (end_scale - begin_scale)
        width, height = photograph.width * scale, photograph.height * scale
        x, y = begin + t * (end - begin)
        left, top = x * (photograph.width - width), y * (photograph.height - height)
        if movement == "still":
            left = min(max(0.0, left + random.uniform(-1, 1)), photograph.width - width)
            top = min(max(0.0, top + random.uniform(-1, 1)), photograph.height - height)
        window = photograph.resize(SIZE, Image.Resampling.BILINEAR, (left, top, left + width, top + height))
        pixels = np.asarray(window, np.float64) * (1 + t * (light - 1))
        pixels += random.normal(0, NOISE, pixels.shape)
        yield Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sequences", type=int, default=24)
    parser.add_argument("--shots", type=int, default=5, help="photographs in a sequence")
    parser.add_argument("--frames", type=int, default=20, help="of a shot, on average")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    labels = read_labels(args.labels)
    files = sorted(file for file in args.photographs.iterdir() if file.name in labels)
    needed = args.sequences * args.shots
    if len(files) < needed:
        parser.error(f"{args.photographs}: {len(files)} labelled photographs, expected {needed}; ask for fewer "
                     "sequences or shots")
    random = np.random.default_rng(args.seed)
    chosen = [files[i] for i in random.permutation(len(files))[:needed]]
    args.out.mkdir(parents=True, exist_ok=True)
    with open(args.out / "labels.csv", "w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["file", "label"])
        for s in range(args.sequences):
            folder = args.out / f"sequence{s:03}"
            folder.mkdir(exist_ok=True)
            n = 0
            for file in chosen[s * args.shots:(s + 1) * args.shots]:
                with Image.open(file) as picture:
                    photograph = picture.convert("RGB")
                frames = int(random.integers(args.frames // 2, args.frames + args.frames // 2 + 1))
                for frame in shot(photograph, random.choice(MOVEMENTS), max(1, frames), random):
                    name = f"{folder.name}/frame{n:05}.jpg"
                    frame.save(args.out / name, "JPEG", quality=90)
                    writer.writerow([name, labels[file.name]])
                    n += 1


if __name__ == "__main__":
    main()
