#!/usr/bin/env python3
"""Recomputes what packing changed, tile by tile, and compares it with a trace.

usage: check-packing.py TRACE PACKED.gguf ORIGINAL.gguf
Prints how many tiles were compared. Reads the files with the gguf package and numpy alone.
"""
import sqlite3
import sys

import numpy as np
from gguf import GGUFReader, dequantize


def values(path):
    """Each tensor as float32, row-major, when it is asked for."""
    tensors = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
    made = {}

    def of(name):
        if name not in made:
            tensor = tensors[name]
            made[name] = dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
        return made[name]

    return of


def main():
    trace, packed, original = sys.argv[1:]
    stored, before = values(packed), values(original)
    rows = sqlite3.connect(trace).execute(
        "SELECT s.name, w.first_row, w.rows, w.error_rms, w.error_max"
        " FROM weight_tile AS w JOIN tensor AS s ON s.id = w.tensor").fetchall()
    for name, first, count, rms, largest in rows:
        part = slice(first, first + count)
        change = stored(name)[part] - before(name)[part]
        found = np.sqrt(np.mean(change * change)), np.max(np.abs(change))
        if not np.allclose(found, (rms, largest), rtol=1e-5, atol=1e-9):
            sys.exit(f"{name} rows {first}..<{first + count}: {found}, the trace has {rms}, {largest}")
    print(len(rows))


main()
