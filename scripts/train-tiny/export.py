"""Writes a checkpoint as an F16 GGUF: architecture `llama`, tokenizer `gpt2`.

    python export.py MODEL.pt TOKENIZER.json OUT.gguf

Matrices are float16, norms float32. There is no `output.weight`: the embedding serves as both.
"""

import argparse
import json

import gguf
import numpy as np
import torch

from model import Config, Model
from tokenizer import END


def write(model: Model, vocab: dict, out: str) -> None:
    """The GGUF of the model; vocab is the `model` part of tokenizer.json."""
    c = model.c
    w = gguf.GGUFWriter(out, "llama")
    w.add_name("tiny")
    w.add_description("Short stories from a grammar; the built-in model of nibble.")
    w.add_license("mit")
    w.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    w.add_context_length(c.n_ctx)
    w.add_embedding_length(c.n_embd)
    w.add_block_count(c.n_layer)
    w.add_feed_forward_length(c.n_ff)
    w.add_head_count(c.n_head)
    w.add_head_count_kv(c.n_head_kv)
    w.add_rope_dimension_count(c.head_size)
    w.add_rope_freq_base(c.rope_base)
    w.add_layer_norm_rms_eps(c.norm_eps)
    w.add_vocab_size(c.n_vocab)

    tokens = sorted(vocab["vocab"], key=vocab["vocab"].get)
    kinds = [gguf.TokenType.CONTROL if t == END else gguf.TokenType.NORMAL for t in tokens]
    merges = [m if isinstance(m, str) else " ".join(m) for m in vocab["merges"]]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(tokens)
    w.add_token_types(kinds)
    w.add_token_merges(merges)
    end = tokens.index(END)
    w.add_bos_token_id(end)
    w.add_eos_token_id(end)
    w.add_add_bos_token(False)

    for name, p in model.named_parameters():
        w.add_tensor(name, p.detach().numpy().astype(np.float16 if p.dim() == 2 else np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("model", "tokenizer", "out"):
        p.add_argument(name)
    args = p.parse_args()
    model = Model(Config())
    model.load_state_dict(torch.load(args.model)["model"])
    write(model, json.load(open(args.tokenizer))["model"], args.out)
