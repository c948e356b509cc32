"""Trains the byte-level BPE tokenizer (GPT-2's pre-tokenizer) and encodes a corpus with it.

    python tokenizer.py CORPUS.txt TOKENIZER.json --vocab 1024
"""

import argparse

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"  # id 0: stands between two stories


def train(lines, vocab: int) -> Tokenizer:
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())  # all 256 bytes: no text is unknown
    trainer = trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    t.train_from_iterator(lines, trainer)
    return t


def encode(t: Tokenizer, path: str) -> tuple[np.ndarray, np.ndarray]:
    """The ids of all stories, END after each, and where each story starts."""
    ids, starts = [], []
    for e in t.encode_batch(open(path).read().splitlines()):
        starts.append(len(ids))
        ids += e.ids + [t.token_to_id(END)]
    return np.array(ids, dtype=np.int64), np.array(starts)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("corpus")
    p.add_argument("out")
    p.add_argument("--vocab", type=int, default=1024)
    args = p.parse_args()
    t = train(open(args.corpus).read().splitlines(), args.vocab)
    assert t.get_vocab_size() == args.vocab
    t.save(args.out)
