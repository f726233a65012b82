"""Trains the upper layers on what `prepare.py` wrote: train.py FOLDER MINUTES

The rate falls with the clock, so training ends on time. Nothing of fold 4 is read: its ordinary messages set the lines."""

import pathlib
import random
import sys
import time

import numpy as np
import torch
import torch.nn.functional as functional
from model import HEADS, Top, WIDTH
from pretrained import weights

BATCH, CHUNK, WARM = 64, 16, 150  # rows; batches drawn at once and made of rows alike in length; steps
RATE, HEAD_RATE, DECAY = 2e-4, 1e-3, 0.9  # of the highest layer, of the heads, from a layer to the one below
PUBLIC = ["banking77", "clinc", "sgd", "tatoeba5k", "fr_parisstories", "fr_rhapsodie", "fr_sequoia"]
NOISY = ["stormfront", "davidson", "ftr", "mlma_fr", "smsspam"]


def mixture(rows):
    """Places of rows, and how large a share of a batch they are."""
    source, positive = rows["source"], rows["labels"].astype(int) > 0
    trained = (rows["part"] != "unseen") & (rows["part"] != "fold4")
    for lang in ("en", "fr"):
        here = trained & (rows["lang"] == lang)
        for name, share in (("natural", 15), ("window", 3.5)):
            yield here & (source == name) & positive, share
            yield here & (source == name) & ~positive, share
        for names, share in ((["chat"], 2.5), (["ordinary-chat"], 2), (["grammar"], 4), (PUBLIC, 4)):
            yield here & np.isin(source, names), share
    for name, share in (("everyday", 1.5), ("hatemojibuild", 6), ("mlma_fr", 1.2), ("ftr", 1.2), ("stormfront", 1.2),
                        ("davidson", 0.8), ("smsspam", 1.5)):
        yield trained & (source == name), share


def draw(pools, shares, generator):
    """Rows without end: each of a pool once before any comes again."""
    queues = [[] for _ in pools]
    while True:
        (which,) = generator.choices(range(len(pools)), shares)
        if not queues[which]:
            queues[which] = list(pools[which])
            generator.shuffle(queues[which])
        yield queues[which].pop()


def main(folder, minutes):
    folder = pathlib.Path(folder)
    rows, read = np.load(folder / "rows.npz"), np.load(folder / "rows.npy", mmap_mode="r")
    rows = {name: rows[name] for name in rows.files}
    ends, lengths = rows["ends"], np.diff(rows["ends"])
    bits = lambda name: (rows[name].astype(int)[:, None] >> np.arange(HEADS) & 1).astype(np.float32)
    labels, known = bits("labels"), bits("known")
    known *= np.where(np.isin(rows["source"], NOISY), 0.5, 1.0)[:, None].astype(np.float32)
    pools, shares = zip(*((np.flatnonzero(pool), share) for pool, share in mixture(rows) if pool.any()))
    generator = random.Random(11)
    drawn = draw(pools, shares, generator)
    torch.manual_seed(1)
    network = Top(weights(), 0.1).train()
    groups = [{"params": list(layer.parameters()), "base": RATE * DECAY ** (len(network.layers) - 1 - place)}
              for place, layer in enumerate(network.layers)]
    groups.append({"params": list(network.head.parameters()), "base": HEAD_RATE})
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=0.02, fused=True)
    start, length, step, batches, losses = time.time(), 60 * float(minutes), 0, [], []
    while (passed := time.time() - start) < length:
        if not batches:
            chunk = sorted((next(drawn) for _ in range(BATCH * CHUNK)), key=lambda row: lengths[row])
            batches = [chunk[at : at + BATCH] for at in range(0, len(chunk), BATCH)]
            generator.shuffle(batches)
        batch = batches.pop()
        longest = max(lengths[row] for row in batch)
        x, mask = np.zeros((BATCH, longest, WIDTH), np.float32), np.zeros((BATCH, longest), bool)
        for place, row in enumerate(batch):
            x[place, : lengths[row]] = read[ends[row] : ends[row + 1]]
            mask[place, : lengths[row]] = True
        step += 1
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * min(1, step / WARM) * max(0.01, 1 - passed / length)
        weight = torch.tensor(known[batch])
        logits = network(torch.tensor(x), torch.tensor(mask))
        loss = functional.binary_cross_entropy_with_logits(logits, torch.tensor(labels[batch]), weight, reduction="sum")
        loss = loss / weight.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % 200 == 0:
            print(step, "steps,", round(passed), "s, loss", round(float(np.mean(losses[-200:])), 4), flush=True)
            torch.save(network.state_dict(), folder / "top.pt")
    torch.save(network.state_dict(), folder / "top.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
