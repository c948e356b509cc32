"""The network: llama architecture, small enough to read in a minute.

Shapes below: B batch, T tokens, D n_embd, H heads, G key/value heads, S head size, F n_ff,
V vocabulary.
Positions are rotated in interleaved pairs (2i, 2i+1), which is what GGUF means by
`general.architecture = llama`: the Q and K rows are exported as they are, without a permutation.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Config:
    n_vocab: int = 1024
    n_ctx: int = 512
    n_embd: int = 256
    n_layer: int = 4
    n_head: int = 4
    n_head_kv: int = 2
    n_ff: int = 768
    rope_base: float = 10000.0
    norm_eps: float = 1e-5

    @property
    def head_size(self) -> int:
        return self.n_embd // self.n_head


def rope_table(c: Config) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of every position and pair: (n_ctx, S/2) each."""
    pair = torch.arange(0, c.head_size, 2, dtype=torch.float64) / c.head_size
    angle = torch.arange(c.n_ctx, dtype=torch.float64)[:, None] * c.rope_base**-pair[None, :]
    return angle.cos().float(), angle.sin().float()


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turns each pair (2i, 2i+1) of x (B, heads, T, S) by its position's angle."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def q4_0(w: torch.Tensor) -> torch.Tensor:
    """w rounded to Q4_0: blocks of 32 values, a float16 scale, 16 steps."""
    b = w.detach().reshape(-1, 32)
    d = b.gather(1, b.abs().argmax(1, keepdim=True)) / -8
    q = torch.where(d == 0, 0.0, b / d + 8.5).floor().clamp(0, 15) - 8
    return (q * d.half().float()).view_as(w)


class Norm(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(c.n_embd))  # (D)
        self.eps = c.norm_eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class Layer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        kv = c.n_head_kv * c.head_size
        self.attn_norm = Norm(c)
        self.attn_q = nn.Linear(c.n_embd, c.n_embd, bias=False)  # (H*S, D)
        self.attn_k = nn.Linear(c.n_embd, kv, bias=False)  # (G*S, D)
        self.attn_v = nn.Linear(c.n_embd, kv, bias=False)  # (G*S, D)
        self.attn_output = nn.Linear(c.n_embd, c.n_embd, bias=False)  # (D, H*S)
        self.ffn_norm = Norm(c)
        self.ffn_gate = nn.Linear(c.n_embd, c.n_ff, bias=False)  # (F, D)
        self.ffn_up = nn.Linear(c.n_embd, c.n_ff, bias=False)  # (F, D)
        self.ffn_down = nn.Linear(c.n_ff, c.n_embd, bias=False)  # (D, F)

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        c, (B, T, _) = self.c, x.shape
        h = self.attn_norm(x)  # (B, T, D)
        q = self.attn_q(h).view(B, T, c.n_head, c.head_size).transpose(1, 2)  # (B, H, T, S)
        k = self.attn_k(h).view(B, T, c.n_head_kv, c.head_size).transpose(1, 2)  # (B, G, T, S)
        v = self.attn_v(h).view(B, T, c.n_head_kv, c.head_size).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        group = c.n_head // c.n_head_kv  # this many query heads share one key/value head
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (B, H, T, S)
        x = x + self.attn_output(a.transpose(1, 2).reshape(B, T, c.n_embd))
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Model(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        self.token_embd = nn.Embedding(c.n_vocab, c.n_embd)  # (V, D), also the output matrix
        self.blk = nn.ModuleList(Layer(c) for _ in range(c.n_layer))
        self.output_norm = Norm(c)
        cos, sin = rope_table(c)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        # Every branch starts silent, and an embedding is as large as what layers will add to it:
        # at every depth the residual stream still says which token stands where, so that a name can
        # be repeated. The output norm makes up for the size in the logits, as the matrix is shared.
        for name, p in self.named_parameters():
            if name.endswith(("attn_output.weight", "ffn_down.weight")):
                nn.init.zeros_(p)
            elif p.dim() == 2:
                nn.init.normal_(p, std=1.0 if "token_embd" in name else p.shape[1] ** -0.5)
        nn.init.constant_(self.output_norm.weight, c.n_embd**-0.5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits (B, T, V) of token ids (B, T)."""
        T = ids.shape[1]
        x = self.token_embd(ids)
        for layer in self.blk:
            x = layer(x, self.cos[:T], self.sin[:T])
        return self.output_norm(x) @ self.token_embd.weight.T

    @torch.no_grad()
    def greedy(self, ids: list[int], n: int, stop: int | None = None) -> list[int]:
        """The n most likely next ids, one after another."""
        out: list[int] = []
        while len(out) < n and len(ids) + len(out) < self.c.n_ctx:
            out.append(int(self(torch.tensor([ids + out]))[0, -1].argmax()))
            if out[-1] == stop:
                break
        return out
