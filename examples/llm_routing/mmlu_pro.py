"""MMLU-Pro's published answers of language models as one table for `triage import csv`, on standard output.
Usage: mmlu_pro.py FOLDER > mmlu_pro.csv

FOLDER has questions.csv.gz (id, category, options, answer, question), answers.csv.gz and output_chars.csv.gz (id, then a
column for each model), and prices.csv (model, dollars a million characters of output). A line is a question: its
features, the right letter, and each model's letter and cost."""
import csv
import gzip
import sys
from pathlib import Path


def read(path):
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main(folder):
    questions, answers, sizes = (read(folder / f"{name}.csv.gz") for name in ("questions", "answers", "output_chars"))
    with open(folder / "prices.csv", newline="", encoding="utf-8") as file:
        prices = {row[0]: float(row[1]) for row in list(csv.reader(file))[1:]}
    models = [name for name in answers[0] if name != "id"]
    categories = sorted({question["category"] for question in questions})
    out = csv.writer(sys.stdout)
    out.writerow(["id", "label", "options", *(f"category {c}" for c in categories), "question",
                  *(f"{m}:answer" for m in models), *(f"{m}:usd" for m in models)])
    for question, said, chars in zip(questions, answers, sizes, strict=True):
        if not question["id"] == said["id"] == chars["id"]:
            raise ValueError(f"question {question['id']}: the files are not in the same order")
        out.writerow([question["id"], question["answer"], question["options"],
                      *(int(question["category"] == c) for c in categories), question["question"],
                      *(said[m] for m in models),
                      *(f"{float(chars[m] or 0) * prices[m] / 1e6:.9g}" for m in models)])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
