"""The network: XLM-R's shape with fewer layers, heads with a logit each on the mean of the last layer."""

import torch
import torch.nn.functional as functional
from torch import nn

WIDTH, INNER, ATTENTION_HEADS, HEADS = 384, 1536, 12, 6
LAYERS = 8  # of the 12 that the weights have, the lowest
FROZEN = 3  # of those, the ones that are not trained
SMALL = 1e-12  # of layer normalisation, as the weights were trained with


class Layer(nn.Module):
    """Self-attention and a feed-forward network, each with layer normalisation after it."""

    def __init__(self):
        super().__init__()
        self.qkv, self.o = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fi, self.fo = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH, eps=SMALL), nn.LayerNorm(WIDTH, eps=SMALL)

    def forward(self, x, mask, dropout):
        rows, length, _ = x.shape
        split = self.qkv(x).view(rows, length, 3, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2)) * (WIDTH // ATTENTION_HEADS) ** -0.5
        attended = weights.masked_fill(~mask[:, None, None, :], -1e4).softmax(-1) @ v
        attended = self.o(attended.transpose(1, 2).reshape(rows, length, WIDTH))
        x = self.ln1(x + functional.dropout(attended, dropout, self.training))
        inner = self.fo(functional.gelu(self.fi(x)))
        return self.ln2(x + functional.dropout(inner, dropout, self.training))


def layer_of(weights, number):
    """A layer with the pretrained weights of this number."""
    layer, name = Layer(), f"l{number}."
    state = {}
    for part, short in (("weight", "w"), ("bias", "b")):
        state[f"qkv.{part}"] = torch.cat([torch.tensor(weights[f"{name}{x}.{short}"]) for x in "qkv"])
        for ours, theirs in (("o", "ao"), ("fi", "fi"), ("fo", "fo"), ("ln1", "aln"), ("ln2", "oln")):
            state[f"{ours}.{part}"] = torch.tensor(weights[f"{name}{theirs}.{short}"])
    layer.load_state_dict(state)
    return layer


class Bottom(nn.Module):
    """The embeddings and the layers that are not trained."""

    def __init__(self, weights):
        super().__init__()
        self.words = nn.Embedding.from_pretrained(torch.tensor(weights["emb.word"]))
        self.positions = nn.Parameter(torch.tensor(weights["emb.pos"] + weights["emb.type"][0]))
        self.ln = nn.LayerNorm(WIDTH, eps=SMALL)
        self.ln.load_state_dict({"weight": torch.tensor(weights["emb.ln.w"]), "bias": torch.tensor(weights["emb.ln.b"])})
        self.layers = nn.ModuleList(layer_of(weights, number) for number in range(FROZEN))

    def forward(self, pieces, mask):
        x = self.ln(self.words(pieces) + self.positions[: pieces.shape[1]])
        for layer in self.layers:
            x = layer(x, mask, 0.0)
        return x


class Top(nn.Module):
    """The layers that are trained, and the heads."""

    def __init__(self, weights, dropout):
        super().__init__()
        self.layers = nn.ModuleList(layer_of(weights, number) for number in range(FROZEN, LAYERS))
        self.head, self.dropout = nn.Linear(WIDTH, HEADS), dropout
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, x, mask):
        for layer in self.layers:
            x = layer(x, mask, self.dropout)
        kept = mask[:, :, None].to(x.dtype)
        mean = (x * kept).sum(1) / kept.sum(1)
        return self.head(functional.dropout(mean, self.dropout, self.training))
