#!/usr/bin/env python3
"""Reads a GGUF file with the gguf package and prints what it finds, as JSON.

    pip install gguf numpy
    python3 scripts/check-gguf.py FILE

A tensor's `fnv` is FNV-1a over its dequantized float32 values. The tests read what nibble writes
through this, as an independent reader.
"""

import json
import sys

import gguf
import numpy as np


def fnv(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def main():
    reader = gguf.GGUFReader(sys.argv[1])
    fields = {key: field for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    found = {
        "version": int(reader.fields["GGUF.version"].parts[-1][0]),
        "alignment": int(reader.alignment),
        "metadata": [
            {
                "key": key,
                "types": [kind.name.lower() for kind in field.types],
                "value": str(field.contents()),
            }
            for key, field in fields.items()
        ],
        "tensors": [
            {
                "name": tensor.name,
                "type": tensor.tensor_type.name.lower(),
                "shape": [int(size) for size in reversed(tensor.shape)],
                "offset": int(tensor.data_offset),
                "bytes": int(tensor.n_bytes),
                "fnv": str(
                    fnv(
                        np.ascontiguousarray(
                            gguf.quants.dequantize(tensor.data, tensor.tensor_type), np.float32
                        ).tobytes()
                    )
                ),
            }
            for tensor in reader.tensors
        ],
    }
    json.dump(found, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
