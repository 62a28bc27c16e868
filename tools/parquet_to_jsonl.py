#!/usr/bin/env python3
"""Writes the rows of a Parquet file as JSON lines on stdout, for `triage import jsonl`.

    tools/parquet_to_jsonl.py table.parquet | triage import jsonl - -o table.profile
    tools/parquet_to_jsonl.py table.parquet > table.jsonl       # for `triage import describe`, which wants a name

Line n is row n, so that what import says of a line is said of that row. Numbers, true and false, texts, dictionaries,
and lists and structs of these become their like; null, NaN and infinite: null, a missing cell. Other columns (dates,
times, bytes, maps) are refused by name before anything is written; --ignore leaves columns out. Rows are read in
batches: memory does not grow with the file. Needs pyarrow: pip install -r tools/parquet_requirements.txt
"""

import argparse
import decimal
import json
import math
import os
import sys
from collections import Counter

BATCH_ROWS = 4096
MOST_BAD = 20  # columns that are named


def fail(message):
    sys.exit(f"parquet_to_jsonl: {message}")


def inner_fields(types, name, kind):
    """Names and types inside a list or a struct; None of any other type."""
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return [(f"{name}.0", kind.value_type)]
    if types.is_struct(kind):
        return [(f"{name}.{field.name}", field.type) for field in kind]
    return None


def bad_types(types, name, kind):
    """What of a column cannot be a cell: lines of text."""
    if types.is_dictionary(kind):
        return bad_types(types, name, kind.value_type)
    inside = inner_fields(types, name, kind)
    if inside is not None:
        return twice([field for field, _ in inside]) + [bad for field in inside for bad in bad_types(types, *field)]
    known = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_string, types.is_large_string,
             types.is_string_view, types.is_null)
    if any(is_known(kind) for is_known in known):
        return []
    return [f"column '{name}' is {kind}, expected numbers, true or false, texts, or lists and structs of these; "
            "make it one of them, or leave it out with --ignore"]


def twice(names):
    return [f"column '{name}' is there {n} times, expected each once" for name, n in Counter(names).items() if n > 1]


def open_file(path):
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        fail(f"needs pyarrow ({error}); pip install -r tools/parquet_requirements.txt")
    try:
        return pyarrow, parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these
        fail(f"{path}: {error}; expected a whole Parquet file, not encrypted")


def chosen_columns(types, file, path, ignored):
    schema = file.schema_arrow
    unknown = [name for name in ignored if name not in schema.names]
    if unknown:
        fail(f"{path}: has no column '{unknown[0]}', expected those to ignore among its {len(schema.names)}")
    fields = [field for field in schema if field.name not in ignored]
    bad = twice([field.name for field in fields])
    bad += [line for field in fields for line in bad_types(types, field.name, field.type)]
    if bad:
        more = [f"... and {len(bad) - MOST_BAD} more"] if len(bad) > MOST_BAD else []
        fail("\n  ".join([f"{path}: nothing is written:", *bad[:MOST_BAD], *more]))
    if not fields:
        fail(f"{path}: has no columns, expected some")
    if file.metadata.num_rows == 0:
        fail(f"{path}: has no rows, expected one for each input")
    return [field.name for field in fields]


def number_of(value):
    if not isinstance(value, decimal.Decimal):
        raise TypeError(f"a value of {type(value).__name__}")
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def without_nan(value):
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    return value


def write_rows(file, names, out):
    places = {name: place for place, name in enumerate(file.schema_arrow.names)}
    encode = json.JSONEncoder(allow_nan=False, default=number_of).encode
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        columns = [batch.column(places[name]).to_pylist() for name in names]
        for values in zip(*columns):
            row = dict(zip(names, values))
            try:
                line = encode(row)
            except ValueError:  # JSON has no NaN
                line = encode(without_nan(row))
            out.write(line + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE.parquet")
    parser.add_argument("--ignore", action="append", default=[], metavar="COLUMN", help="leave it out; may be repeated")
    arguments = parser.parse_args()
    pyarrow, file = open_file(arguments.file)
    names = chosen_columns(pyarrow.types, file, arguments.file, set(arguments.ignore))
    try:
        write_rows(file, names, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has said why
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (OSError, ValueError) as error:
        fail(f"{arguments.file}: {error}; the lines written are not all; expected a whole Parquet file")


if __name__ == "__main__":
    main()
