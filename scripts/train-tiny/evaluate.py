"""Measures GGUF files as they are: every tensor decoded by the `gguf` package, float32 throughout.

    python evaluate.py TOKENIZER.json HELDOUT.txt FILE.gguf... [--stories N] [--prompt TEXT]

Prints for each file its size, the mean loss over the held-out stories (nats a token, each story on
its own, its end token included) and the greedy continuation of the prompt.
"""

import argparse
import os

import gguf
import torch
import torch.nn.functional as F
from gguf.quants import dequantize
from tokenizers import Tokenizer

from model import Config, Model
from tokenizer import END


def read(path: str) -> tuple[Model, gguf.GGUFReader]:
    """The model in a GGUF file, its dimensions taken from the file's metadata."""
    r = gguf.GGUFReader(path)
    get = lambda key: r.fields["llama." + key].contents()
    c = Config(
        n_vocab=len(r.fields["tokenizer.ggml.tokens"].data),
        n_ctx=get("context_length"),
        n_embd=get("embedding_length"),
        n_layer=get("block_count"),
        n_head=get("attention.head_count"),
        n_head_kv=get("attention.head_count_kv"),
        n_ff=get("feed_forward_length"),
        rope_base=get("rope.freq_base"),
        norm_eps=get("attention.layer_norm_rms_epsilon"),
    )
    model = Model(c)
    weights = {t.name: torch.tensor(dequantize(t.data, t.tensor_type)).float() for t in r.tensors}
    model.load_state_dict(weights)  # throws where a tensor is missing, or one too many
    return model.eval(), r


@torch.no_grad()
def loss(model: Model, stories: list[list[int]], batch: int = 8) -> float:
    """Mean nats a token over the stories, padded to equal length, padding not counted."""
    total, count = 0.0, 0
    for i in range(0, len(stories), batch):
        some = [torch.tensor(s) for s in stories[i : i + batch]]
        rows = torch.nn.utils.rnn.pad_sequence(some, batch_first=True, padding_value=-100)
        rows = rows[:, : model.c.n_ctx + 1]
        logits, target = model(rows[:, :-1].clamp(min=0)), rows[:, 1:]
        total += float(F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum"))
        count += int((target != -100).sum())
    return total / count


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("tokenizer")
    p.add_argument("heldout")
    p.add_argument("files", nargs="+")
    p.add_argument("--stories", type=int, default=200)
    p.add_argument("--prompt", default="Once upon a time")
    p.add_argument("--tokens", type=int, default=64)
    args = p.parse_args()
    torch.set_num_threads(2)
    t = Tokenizer.from_file(args.tokenizer)
    end = t.token_to_id(END)
    lines = open(args.heldout).read().splitlines()[: args.stories]
    stories = [e.ids + [end] for e in t.encode_batch(lines)]
    for path in args.files:
        model, _ = read(path)
        prompt = t.encode(args.prompt).ids
        ids = model.greedy(prompt, args.tokens, stop=end)
        print(f"{path}: {os.path.getsize(path):,} bytes")
        mean = loss(model, stories)
        print(f"  validation loss {mean:.4f} nats per token over {len(stories)} stories")
        print(f"  greedy, {len(ids)} tokens: {t.decode(prompt + ids)}")
