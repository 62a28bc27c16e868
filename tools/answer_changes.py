#!/usr/bin/env python3
"""Compares what the same models answered on the same inputs in two profiles, such as before and after a change to decoding.

    tools/answer_changes.py BEFORE.profile AFTER.profile

For each model: top-1 before and after, the difference in points with its 95 % interval (paired, normal), and the share of
inputs whose best class changed; then the same difference of the mean of all models. Then the median times of decoding and preprocessing.
"""

import argparse
import sqlite3
import statistics
import struct


def answers(path):
    """{model: {input id: (right, best class)}}"""
    found = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        query = ("SELECT model.name, input.id, output.rank, output.top FROM output JOIN model USING (model)"
                 " JOIN input USING (input) WHERE role = 'classifier'")
        for name, key, rank, top in database.execute(query):
            found.setdefault(name, {})[key] = (rank == 1, struct.unpack_from("<H", top)[0])
    return found


def times(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        decode = [row[0] for row in database.execute("SELECT decode_ms FROM input_cost")]
        recipes = database.execute(
            "SELECT key, recipe FROM recipe ORDER BY recipe").fetchall()
        medians = {key: statistics.median(row[0] for row in database.execute(
            "SELECT mean_ms FROM preprocess_cost WHERE recipe = ?", (recipe,))) for key, recipe in recipes}
    return statistics.median(decode), medians


def half_width(values):
    return 1.96 * statistics.stdev(values) / len(values) ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    args = parser.parse_args()
    before, after = answers(args.before), answers(args.after)
    all_gains = {}
    print(f"{'model':<40} {'inputs':>6} {'before':>7} {'after':>7} {'points':>7} {'+/-':>5} {'changed':>8}")
    for name in before:
        keys = sorted(before[name].keys() & after[name].keys())
        pairs = [(before[name][key], after[name][key]) for key in keys]
        gains = [100 * (int(b[0]) - int(a[0])) for a, b in pairs]
        for key, gain in zip(keys, gains):
            all_gains.setdefault(key, []).append(gain)
        rates = [100 * statistics.mean(int(pair[i][0]) for pair in pairs) for i in (0, 1)]
        changed = 100 * statistics.mean(int(a[1] != b[1]) for a, b in pairs)
        print(f"{name:<40} {len(keys):>6} {rates[0]:>7.1f} {rates[1]:>7.1f} {statistics.mean(gains):>+7.2f} "
              f"{half_width(gains):>5.2f} {changed:>7.1f}%")
    means = [statistics.mean(gains) for gains in all_gains.values()]
    print(f"{'mean of all':<40} {len(means):>6} {statistics.mean(means):>+23.2f} {half_width(means):>5.2f}")
    for path, (decode, preprocess) in ((args.before, times(args.before)), (args.after, times(args.after))):
        print(f"{path}: median ms: decode {decode:.2f}; " +
              ", ".join(f"{ms:.2f} to {key}" for key, ms in preprocess.items()))


if __name__ == "__main__":
    main()
