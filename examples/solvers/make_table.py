"""A table whose best choice is known: sorting programs on lists. Usage: make_table.py N > solvers.csv

A line is a list: its length, how far it is from sorted, how many values it may have, and the logarithm of the seconds that
each of three programs would take, of which fewer are better. `merge` is best on long lists, `insertion` on short or nearly sorted ones, `counting` where there are few different values."""
import csv
import math
import random
import sys


def seconds(length, disorder, values):
    return {"merge": 2e-7 * length * math.log2(length + 1) + 1e-4,
            "insertion": 1e-8 * length * length * disorder + 1e-6 * length,
            "counting": 1e-8 * values + 2e-7 * length + 2e-4}


def best(length, disorder, values):
    costs = seconds(length, disorder, values)
    return min(costs, key=costs.get)


def main(n):
    draw = random.Random(1)
    out = csv.writer(sys.stdout)
    out.writerow(["id", "length", "disorder", "values", *(f"{name}:score" for name in seconds(1, 1, 1))])
    for i in range(n):
        length = round(10 ** draw.uniform(1, 6))
        disorder, values = draw.random() ** 3, round(10 ** draw.uniform(1, 9))
        out.writerow([f"list {i}", length, f"{disorder:.6g}", values,
                      *(f"{math.log10(s):.9g}" for s in seconds(length, float(f"{disorder:.6g}"), values).values())])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(int(sys.argv[1]))
