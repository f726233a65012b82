"""Prunes the vocabulary and reads the rows through the layers that are not trained, once: prepare.py ROWS FOLDER

ROWS are what `trainer rows` prints. The folder gets the pruned tokenizer, the numbers of its pieces in the whole one, and
for each row its labels and what the last frozen layer makes of it (about 3 GB)."""

import collections
import json
import pathlib
import random
import sys

import numpy as np
import torch
from model import Bottom, WIDTH
from pretrained import tokenizer, weights
from tokenizers import Tokenizer

MOST = 80  # pieces of a row
TOKENS = 2048  # of a batch
PREFIX = "query: "
MARKS = 4  # the first pieces, which are no words
LETTERS = set("abcdefghijklmnopqrstuvwxyzàâäéèêëîïôöùûüÿçœæ0123456789'’-.,;:!?/@#&%€$£*+=()\"…")
FIELDS = ("lang", "labels", "known", "weight", "source", "function", "part", "variant", "linear", "text")
# How many rows of a source are kept where it has more, and of their variants.
MOST_ROWS = {"grammar": 20_000, "everyday": 2_500, "banking77": 2_500, "clinc": 3_500, "sgd": 4_000, "tatoeba5k": 5_000,
             "ftr": 1_500, "window": 14_000, "stormfront": 1_500, "davidson": 800, "smsspam": 1_500}
MOST_VARIANTS = {"natural": 15_000, "chat": 1_500, "ordinary-chat": 1_000, "grammar": 5_000}
UNREAD = "fold4"


def read(path):
    """The rows that are kept, in an order that does not change, and all texts that the vocabulary is made from."""
    by_source, texts = collections.defaultdict(list), set()
    for line in open(path, encoding="utf-8"):
        row = dict(zip(FIELDS, line.rstrip("\n").split("\t")))
        by_source[row["source"], row["variant"], row["part"] == "unseen"].append(row)
        if row["variant"] == "0" and row["part"] != "unseen":
            texts.add(row["text"])
    shuffled, kept = random.Random(5), []
    for (source, variant, _), rows in by_source.items():
        if variant == "1":
            rows = [row for row in rows if row["part"] != UNREAD]
        shuffled.shuffle(rows)
        most = MOST_VARIANTS.get(source, 0) if variant == "1" else MOST_ROWS.get(source, len(rows))
        kept += rows[:most]
    return kept, sorted(texts)


def prune(texts):
    """The numbers of the pieces that two texts have, and of single letters; and a tokenizer of them."""
    whole = Tokenizer.from_str(tokenizer())
    whole.no_padding(), whole.no_truncation()
    counts = collections.Counter()
    for encoding in whole.encode_batch(texts):
        counts.update(set(encoding.ids))
    description = json.loads(tokenizer())
    pieces = description["model"]["vocab"]
    is_letter = lambda piece: piece.lstrip("▁") in LETTERS | {""}
    keep = [n for n, (piece, _) in enumerate(pieces) if n < MARKS or counts[n] >= 2 or is_letter(piece)]
    description["model"]["vocab"] = [pieces[n] for n in keep]
    description["added_tokens"] = [mark for mark in description["added_tokens"] if mark["id"] < MARKS]
    return keep, json.dumps(description)


def main(rows_path, folder):
    folder = pathlib.Path(folder)
    rows, texts = read(rows_path)
    keep, description = prune(texts)
    (folder / "keep.json").write_text(json.dumps(keep))
    (folder / "tokenizer.json").write_text(description)
    small = Tokenizer.from_str(description)
    small.no_padding(), small.enable_truncation(MOST)
    ids = [encoding.ids for encoding in small.encode_batch([PREFIX + row["text"] for row in rows])]
    ends = np.cumsum([0] + [len(row) for row in ids])
    print(len(rows), "rows,", ends[-1], "pieces,", len(keep), "in the vocabulary")
    pretrained = weights()
    pretrained["emb.word"] = pretrained["emb.word"][keep]
    bottom = Bottom(pretrained).eval()
    out = np.lib.format.open_memmap(folder / "rows.npy", mode="w+", dtype=np.float16, shape=(int(ends[-1]), WIDTH))
    order, batch = sorted(range(len(rows)), key=lambda row: len(ids[row])), []
    for place, row in enumerate(order):
        batch.append(row)
        if len(batch) * len(ids[row]) > TOKENS or place + 1 == len(order):
            write(bottom, [ids[row] for row in batch], [ends[row] for row in batch], out)
            batch = []
    columns = {name: np.array([row[name] for row in rows]) for name in FIELDS[:-1]}
    np.savez(folder / "rows.npz", ends=ends, **columns)


def write(bottom, ids, starts, out):
    """Reads a batch, longest row last."""
    length = len(ids[-1])
    pieces = torch.tensor([row + [1] * (length - len(row)) for row in ids])
    mask = torch.tensor([[True] * len(row) + [False] * (length - len(row)) for row in ids])
    with torch.no_grad():
        read = bottom(pieces, mask).numpy().astype(np.float16)
    for row, start, values in zip(ids, starts, read):
        out[start : start + len(row)] = values[: len(row)]


if __name__ == "__main__":
    main(*sys.argv[1:])
