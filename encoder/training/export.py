"""Writes the file that the program reads, and its hash: export.py FOLDER FILE

Weights are whole numbers of eight bits, each column with a scale of its own; what a layer reads is rounded to eight bits
when the model runs."""

import hashlib
import json
import pathlib
import struct
import sys

import numpy as np
import onnx
import torch
from model import ATTENTION_HEADS, Bottom, FROZEN, HEADS, LAYERS, SMALL, Top, WIDTH
from onnx import TensorProto, helper, numpy_helper
from pretrained import weights

WINDOW = 64  # the most pieces of a run
SPLIT = WIDTH // ATTENTION_HEADS


class Graph:
    """Nodes and constants, named by their order."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [f"n{len(self.nodes)}_{output}" for output in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x, weight, bias):
        codes, scales = rounded(weight)
        read, scale, zero = self.op("DynamicQuantizeLinear", x, outputs=3)
        sums = self.op("MatMulInteger", read, self.constant(codes.T), zero)
        scale = self.op("Mul", scale, self.constant(scales))
        product = self.op("Mul", self.op("Cast", sums, to=TensorProto.FLOAT), scale)
        return self.op("Add", product, self.constant(bias))

    def norm(self, x, state, name):
        scale, bias = self.constant(state[f"{name}.weight"]), self.constant(state[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=SMALL)


def rounded(weight):
    """Whole numbers of eight bits, and for each row what one is worth."""
    scales = np.abs(weight).max(axis=1) / 127
    return np.rint(weight / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def graph_of(bottom, top):
    graph = Graph()
    numbers = lambda *values: graph.constant(np.array(values, np.int64))
    codes, scales = rounded(bottom["words.weight"])
    read = graph.op("Cast", graph.op("Gather", graph.constant(codes), "ids"), to=TensorProto.FLOAT)
    x = graph.op("Mul", read, graph.op("Gather", graph.constant(scales[:, None]), "ids"))
    places = graph.op("Gather", graph.constant(bottom["positions"][:WINDOW]), "positions")
    x = graph.norm(graph.op("Add", x, places), bottom, "ln")
    split, whole, thirds = numbers(0, ATTENTION_HEADS, SPLIT), numbers(0, WIDTH), numbers(WIDTH, WIDTH, WIDTH)
    for number in range(LAYERS):
        state = bottom if number < FROZEN else top
        layer = f"layers.{number if number < FROZEN else number - FROZEN}"
        weight, bias = (state[f"{layer}.qkv.{part}"].copy() for part in ("weight", "bias"))
        weight[:WIDTH] *= SPLIT**-0.5
        bias[:WIDTH] *= SPLIT**-0.5
        parts = graph.op("Split", graph.linear(x, weight, bias), thirds, outputs=3, axis=1)
        q, k, v = (graph.op("Transpose", graph.op("Reshape", part, split), perm=perm)
                   for part, perm in zip(parts, ([1, 0, 2], [1, 2, 0], [1, 0, 2])))
        attended = graph.op("MatMul", graph.op("Softmax", graph.op("MatMul", q, k), axis=-1), v)
        attended = graph.op("Reshape", graph.op("Transpose", attended, perm=[1, 0, 2]), whole)
        linear = lambda read, name: graph.linear(read, state[f"{layer}.{name}.weight"], state[f"{layer}.{name}.bias"])
        x = graph.norm(graph.op("Add", x, linear(attended, "o")), state, f"{layer}.ln1")
        inner = linear(graph.op("Gelu", linear(x, "fi")), "fo")
        x = graph.norm(graph.op("Add", x, inner), state, f"{layer}.ln2")
    mean = graph.op("ReduceMean", x, numbers(0), keepdims=1)
    product = graph.op("MatMul", mean, graph.constant(top["head.weight"].T))
    graph.nodes.append(helper.make_node("Add", [product, graph.constant(top["head.bias"])], ["logits"]))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["length"]) for name in ("ids", "positions")]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, HEADS])]
    made = helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main(folder, file):
    folder, file = pathlib.Path(folder), pathlib.Path(file)
    pretrained = weights()
    pretrained["emb.word"] = pretrained["emb.word"][json.loads((folder / "keep.json").read_text())]
    top = Top(pretrained, 0.0)
    top.load_state_dict(torch.load(folder / "top.pt"))
    bottom, top = ({name: value.detach().numpy() for name, value in part.state_dict().items()}
                   for part in (Bottom(pretrained), top))
    pieces = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    out = b"plic-enc" + struct.pack("<I", len(pieces))
    for piece, score in pieces:
        text = piece.encode()
        out += struct.pack("<B", len(text)) + text + struct.pack("<f", score)
    out += graph_of(bottom, top)
    file.write_bytes(out)
    (file.parent / "model.sha256").write_text(f"{hashlib.sha256(out).hexdigest()}  {file.name}\n")
    print(len(out), "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
