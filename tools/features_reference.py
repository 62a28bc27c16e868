#!/usr/bin/env python3
"""A second implementation of the features, straight from their definitions, with OpenCV and NumPy.

Writes tests/features/golden/features.json; tests/features/golden_test.cpp compares the library with it. The
pictures are synthetic; the test makes the same ones in code (tests/features/pictures.h).

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install numpy opencv-python-headless
    /tmp/reference/bin/python tools/features_reference.py

Edge contours and FAST are OpenCV's own functions, so another version of OpenCV may give other values; the file
names the version that made it.
"""
import json
import math
import pathlib

import cv2
import numpy as np

MASK = (1 << 64) - 1
# width, height, channels, block, seed, working size
CASES = [
    (28, 28, 1, 4, 1, 224),
    (28, 28, 1, 1, 2, 224),
    (64, 48, 3, 5, 3, 224),
    (113, 97, 3, 9, 4, 224),
    (224, 224, 3, 16, 5, 224),
    (300, 260, 3, 23, 6, 224),
    (256, 192, 1, 15, 7, 64),
    (40, 500, 3, 12, 8, 32),
    (1, 1, 3, 1, 9, 224),
]


def mix64(x):
    """splitmix64's finaliser, as in src/base/hash.h."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def blocks(width, height, channels, block, seed):
    """Random values, each repeated over block x block pixels: shape (height, width, channels)."""
    columns = (width + block - 1) // block
    image = np.empty((height, width, channels), np.uint8)
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                cell = ((y // block) * columns + x // block) * channels + c
                image[y, x, c] = mix64((seed * 1000003 + cell) & MASK) >> 56
    return image


def shares(counts):
    total = sum(counts)
    return [count / total if total else 0.0 for count in counts]


def edge_lengths(edges):
    contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    starts = [1, 8, 16, 32, 64, 128, 256]
    counts = [0] * 7
    for contour in contours:
        counts[sum(len(contour) >= start for start in starts) - 1] += 1
    return shares(counts)


def edge_angles(gray, edges):
    gx = cv2.Sobel(gray, cv2.CV_64F, 1, 0, ksize=3, borderType=cv2.BORDER_REPLICATE)
    gy = cv2.Sobel(gray, cv2.CV_64F, 0, 1, ksize=3, borderType=cv2.BORDER_REPLICATE)
    degrees = np.degrees(np.arctan2(gy, gx))[edges > 0] % 180
    return shares(np.bincount((degrees * 7 / 180).astype(int), minlength=7)[:7].tolist())


def main_object(edges):
    """area / perimeter / short side, and width / height of the box, of the largest outline."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, kernel)
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return 0.0, 1.0
    best = max(contours, key=cv2.contourArea)  # the first of equals
    perimeter = cv2.arcLength(best, True)
    _, _, width, height = cv2.boundingRect(best)
    area_by_perim = cv2.contourArea(best) / perimeter / min(edges.shape) if perimeter else 0.0
    return area_by_perim, width / height


def hues(rgb):
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV).reshape(-1, 3).astype(int)
    hue = hsv[(hsv[:, 1] > 0) & (hsv[:, 2] > 0), 0]
    return shares(np.bincount(7 * hue // 180, minlength=7).tolist())


def features(image, working_px):
    """All features of an (h, w, 1 or 3) image, by name."""
    height, width = image.shape[:2]
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    short = min(width, height)
    if short > working_px:
        size = tuple(math.floor(px * working_px / short + 0.5) for px in (width, height))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    y = gray.astype(np.float64)
    r, g, b = (rgb[:, :, c].astype(np.float64) for c in range(3))
    perceived = np.sqrt(0.241 * r * r + 0.691 * g * g + 0.068 * b * b)
    edges = cv2.Canny(gray, 100, 200, apertureSize=3, L2gradient=False)
    fast = cv2.FastFeatureDetector_create(20, True, cv2.FAST_FEATURE_DETECTOR_TYPE_9_16)
    n_keypoints = len(fast.detect(gray)) if min(gray.shape) >= 7 else 0
    area_by_perim, aspect_ratio = main_object(edges)
    rg, yb = r - g, (r + g) / 2 - b
    values = {
        "n_keypoints": n_keypoints * 10000 / gray.size,
        "avg_brightness": y.mean(),
        "brightness_rms": math.sqrt((y * y).mean()),
        "avg_perceived_brightness": perceived.mean(),
        "perceived_brightness_rms": math.sqrt((perceived * perceived).mean()),
        "contrast": y.std(),
        "area_by_perim": area_by_perim,
        "aspect_ratio": aspect_ratio,
        "width": width,
        "height": height,
        "laplacian_variance": cv2.Laplacian(gray, cv2.CV_64F).var(),
        "colourfulness": math.hypot(rg.std(), yb.std()) + 0.3 * math.hypot(rg.mean(), yb.mean()),
        "saturated_share": (rgb.max(axis=2) == 255).mean(),
    }
    for name, bins in (("edge_length", edge_lengths(edges)), ("edge_angle", edge_angles(gray, edges)),
                       ("hue", hues(rgb))):
        values.update({f"{name}{i + 1}": share for i, share in enumerate(bins)})
    return {name: round(float(value), 7) for name, value in values.items()}


def main():
    cv2.setNumThreads(1)
    cases = []
    for width, height, channels, block, seed, working_px in CASES:
        image = blocks(width, height, channels, block, seed)
        cases.append({"width": width, "height": height, "channels": channels, "block": block, "seed": seed,
                      "working_px": working_px, "features": features(image, working_px)})
    out = pathlib.Path(__file__).resolve().parent.parent / "tests/features/golden/features.json"
    out.parent.mkdir(exist_ok=True)
    text = ",\n".join("    " + json.dumps(case) for case in cases)
    out.write_text(f'{{\n  "opencv": "{cv2.__version__}",\n  "cases": [\n{text}\n  ]\n}}\n')
    print(f"wrote {len(cases)} cases to {out}")


if __name__ == "__main__":
    main()
