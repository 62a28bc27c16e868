#!/usr/bin/env python3
"""From the bytes of JPEG photographs to a label: what one would write in Python, against `triage classify`.

The Python program decodes and resizes with OpenCV and runs one network of the zoo with OpenVINO, at OpenVINO's
own choice of precision (bf16 where the processor has it). Triage runs the policies that are given. One round is
one process of each program, in turn; all read every photograph once. What is compared are medians over rounds:

- one photograph after the other, on one thread: mean and p50 milliseconds from bytes in memory to the label. The
  first photographs warm up and are left out;
- photographs a second on all processors: Python with the THROUGHPUT hint and its asynchronous queue, timed once the
  network is compiled; Triage by what four further copies of the list add to the time of a process.

`bench/bytes_to_label ZOO.json --images FOLDER --labels CSV --model NAME POLICY.triage ...` runs it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

WARM = 5  # photographs


# ---- The Python program.

def open_network(manifest: Path, name: str, hint: str):
    import openvino as ov
    model = next(m for m in json.loads(manifest.read_text())["models"] if m["name"] == name)
    core = ov.Core()
    properties = {"PERFORMANCE_HINT": hint}
    if hint == "LATENCY":
        properties |= {"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
    path = manifest.parent / model["files"][0]["path"]
    return model["input"], core.compile_model(core.read_model(path), "CPU", properties)


def tensor_of(data: bytes, recipe: dict):
    import cv2
    import numpy as np
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    image = cv2.resize(image, (recipe["width"], recipe["height"]), interpolation=cv2.INTER_AREA
                       if image.shape[0] > recipe["height"] else cv2.INTER_LINEAR)
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    tensor = (image.astype(np.float32) - np.float32(recipe["mean"])) / np.float32(recipe["scale"])
    return np.ascontiguousarray(tensor.transpose(2, 0, 1) if recipe["layout"] == "nchw" else tensor)[None]


def run_one_by_one(manifest: Path, name: str, files: list[Path]) -> dict:
    recipe, network = open_network(manifest, name, "LATENCY")
    request = network.create_infer_request()
    times, answers = [], []
    for path in files:
        data = path.read_bytes()
        start = time.perf_counter()
        answer = int(request.infer(tensor_of(data, recipe))[0].argmax())
        times.append(1000 * (time.perf_counter() - start))
        answers.append(answer)
    return {"ms": times, "answers": answers}


def run_queue(manifest: Path, name: str, files: list[Path]) -> dict:
    import openvino as ov
    recipe, network = open_network(manifest, name, "THROUGHPUT")
    answers = [0] * len(files)

    def keep(request, i):
        answers[i] = int(request.results[network.output(0)].argmax())

    queue = ov.AsyncInferQueue(network)
    queue.set_callback(keep)
    datas = [path.read_bytes() for path in files]
    for i in range(WARM):
        queue.start_async(tensor_of(datas[i], recipe), i)
    queue.wait_all()
    start = time.perf_counter()
    for i, data in enumerate(datas):
        queue.start_async(tensor_of(data, recipe), i)
    queue.wait_all()
    return {"per_second": len(files) / (time.perf_counter() - start), "answers": answers}


# ---- Triage.

def classify(triage: Path, policy: Path, manifest: Path, files: list[Path], *options: str) -> list[dict]:
    command = [str(triage), "classify", *map(str, files), "--policy", str(policy), "--zoo", str(manifest), "--json",
               "--preload", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bytes_to_label: {' '.join(command[:2])} with {policy}: {done.stderr.strip()}")
    return json.loads(done.stdout)["results"]


def triage_one_by_one(triage: Path, policy: Path, manifest: Path, files: list[Path]) -> dict:
    results = classify(triage, policy, manifest, files, "--threads", "1")
    return {"ms": [r["elapsed_ms"] for r in results], "answers": [r["answer"][0]["class"] for r in results]}


def triage_all_cores(triage: Path, policy: Path, manifest: Path, files: list[Path]) -> dict:
    def seconds(copies: int) -> float:
        start = time.perf_counter()
        classify(triage, policy, manifest, files * copies)
        return time.perf_counter() - start
    return {"per_second": 4 * len(files) / (seconds(5) - seconds(1))}


# ---- Rounds.

def python_program(args: argparse.Namespace, kind: str) -> dict:
    command = [sys.executable, __file__, str(args.zoo), "--images", str(args.images), "--labels", str(args.labels),
               "--model", args.model, "--worker", kind]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    line = {key.strip(): value.strip() for key, _, value in (part.partition(":") for part in text.splitlines())}
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    flags = set(line.get("flags", "").split())
    return (f"{line.get('model name', 'unknown')}, {os.cpu_count()} processors; "
            f"{' '.join(flag for flag in wanted if flag in flags)}")


def top1(answers: list[int], labels: list[int]) -> float:
    return 100 * sum(a == b for a, b in zip(answers, labels)) / len(labels)


def report(rounds: dict[str, list[dict]], labels: list[int]) -> None:
    names = list(rounds)

    def middle(name: str, figure) -> float:
        return statistics.median(figure(one) for one in rounds[name])
    figures = {"mean ms": lambda one: statistics.mean(one["ms"][WARM:]),
               "p50 ms": lambda one: statistics.median(one["ms"][WARM:]),
               "a second": lambda one: one["per_second"]}
    print(f"| program | top-1 % | {' | '.join(f'{f} | ratio (range of rounds)' for f in figures)} |")
    print("|---|---|" + "---|---|" * len(figures))
    for name in names:
        cells = [name, f"{top1(rounds[name][0]['answers'], labels):.1f}"]
        for figure in figures.values():
            ratios = [figure(a) / figure(b) for a, b in zip(rounds[names[0]], rounds[name])]
            if figure is figures["a second"]:
                ratios = [1 / ratio for ratio in ratios]
            cells += [f"{middle(name, figure):.4g}",
                      f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"]
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoo", type=Path)
    parser.add_argument("policies", type=Path, nargs="*", metavar="POLICY")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="CSV: file, class")
    parser.add_argument("--model", required=True, help="the network that the Python program runs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--triage", type=Path,
                        default=Path(__file__).resolve().parent.parent / "build/release/triage")
    parser.add_argument("--json", type=Path, help="keeps every time")
    parser.add_argument("--worker", choices=("one_by_one", "queue"), help=argparse.SUPPRESS)
    args = parser.parse_intermixed_args()
    with args.labels.open(newline="") as rows:
        known = {row[0]: int(row[1]) for row in csv.reader(rows) if row[1].isdigit()}
    files = [path for path in sorted(args.images.iterdir()) if path.name in known]
    if args.worker:
        run = run_one_by_one if args.worker == "one_by_one" else run_queue
        print(json.dumps(run(args.zoo, args.model, files)))
        return
    rounds: dict[str, list[dict]] = {}
    for _ in range(args.rounds):
        one = python_program(args, "one_by_one")
        rounds.setdefault(f"Python, {args.model}", []).append(
            {**one, "per_second": python_program(args, "queue")["per_second"]})
        for policy in args.policies:
            one = triage_one_by_one(args.triage, policy, args.zoo, files)
            rounds.setdefault(f"triage, {policy.stem}", []).append(
                {**one, **triage_all_cores(args.triage, policy, args.zoo, files)})
    print(f"{processor()}; {len(files)} photographs, {args.rounds} rounds in turn\n")
    report(rounds, [known[path.name] for path in files])
    if args.json:
        args.json.write_text(json.dumps({"processor": processor(), "rounds": rounds}))


if __name__ == "__main__":
    main()
