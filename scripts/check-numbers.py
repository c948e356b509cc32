#!/usr/bin/env python3
"""Checks what the debugger says of numbers with numpy and the gguf package.

    pip install gguf numpy
    python3 scripts/check-numbers.py TRACE MODEL < TRANSCRIPT

The transcript is of a session over TRACE, recorded with `--capture values` and the strategy tiled
from MODEL, whose matrices are q4_k, at a width of 200 columns. Every term that `why` prints of a
product is recomputed from the bytes of the file and the values in the trace, every byte of `x/…xb`
is compared with the file, and every figure that `print` computes with numpy. Prints how many of
each were compared, as JSON.
"""

import json
import re
import sqlite3
import sys

import gguf
import numpy as np

NUMBER = r"(-?[0-9.]+(?:e[-+]?[0-9]+)?)"


class Checker:
    def __init__(self, trace, model):
        self.trace = sqlite3.connect(f"file:{trace}?mode=ro", uri=True)
        self.bytes = open(model, "rb").read()
        self.tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(model).tensors}
        self.compared = {"terms": 0, "sums": 0, "bytes": 0, "figures": 0}

    def values(self, name, which=1):
        rows, cols, data = self.trace.execute(
            "SELECT o.rows, o.cols, v.data FROM op AS o JOIN value AS v ON v.op = o.id"
            " WHERE o.name = ? AND o.pass = ?",
            (name, which),
        ).fetchone()
        return np.frombuffer(data, "<f4").reshape(rows, cols)

    def weights(self, name):
        tensor = self.tensors[name]
        return gguf.quants.dequantize(tensor.data, tensor.tensor_type)

    def product(self, lines):
        """`why` of one value of a matrix product."""
        name, row, column, value = re.match(
            rf"(\S+)\[(?:(\d+), )?(\d+)\] = {NUMBER}", lines[0]
        ).groups()
        weight_name, weight_row, input_name = re.match(
            r"  = Σ (\S+)\[(\d+), i\] × (\S+)\[", lines[1]
        ).groups()
        row, column = int(row or 0), int(column)
        assert int(weight_row) == column
        assert np.float32(value) == self.values(name)[row, column]
        exact = self.weights(weight_name)[column]
        used = exact.astype(np.float16).astype(np.float32)
        inputs = self.values(input_name)
        x = inputs[row + len(inputs) - len(self.values(name))]
        terms = used.astype(np.float64) * x
        seen = {}
        index = 0
        for line in lines[2:]:
            if found := re.match(
                rf"\s+\[(\d+)\]\s+{NUMBER} × {NUMBER} = {NUMBER}   block (\d+) at byte (\d+)", line
            ):
                index = int(found[1])
                assert np.float32(found[2]) == used[index], line
                assert np.float32(found[3]) == x[index], line
                assert np.isclose(float(found[4]), terms[index], rtol=2e-8, atol=1e-9), line
                block = int(found[6])
                tensor = self.tensors[weight_name]
                assert block == tensor.data_offset + int(found[5]) * 144, line
                seen[index] = float(found[4])
                self.compared["terms"] += 1
            elif found := re.match(rf"\s+d × (\d+) - m = {NUMBER} → f16 {NUMBER}", line):
                stored, made = int(found[1]), np.float32(found[2])
                assert made == exact[index], line
                assert np.float32(found[3]) == used[index], line
            elif found := re.match(r"\s+q = (\d+): (low|high) nibble of 0x(..) at (\d+)", line):
                byte = self.bytes[int(found[4])]
                assert block <= int(found[4]) < block + 144, line
                assert byte == int(found[3], 16), line
                nibble = byte & 15 if found[2] == "low" else byte >> 4
                assert nibble == int(found[1]) == stored, line
            elif found := re.match(rf"\s+d = {NUMBER} × (\d+), m = {NUMBER} × (\d+)", line):
                d, m = np.frombuffer(self.bytes[block : block + 4], "<f2").astype(np.float32)
                assert (np.float32(found[1]), np.float32(found[3])) == (d, m), line
                scale, minimum = d * np.float32(found[2]), m * np.float32(found[4])
                assert scale * np.float32(stored) - minimum == exact[index], line
            elif found := re.match(rf"  the (\d+) largest of \d+ columns\s+= {NUMBER}", line):
                order = sorted(range(len(terms)), key=lambda i: -abs(terms[i]))
                assert len(seen) == int(found[1])
                assert set(np.abs(terms[order[: len(seen)]])) == set(np.abs(terms[list(seen)]))
                largest = float(found[2])
                assert np.isclose(largest, sum(seen.values()), rtol=1e-8, atol=1e-8), line
            elif found := re.match(rf"  the \d+ others\s+= {NUMBER}", line):
                others = float(found[1])
            elif found := re.match(rf"  sum of all {len(terms)} columns\s+= {NUMBER}", line):
                whole = float(found[1])
                assert np.isclose(whole, terms.sum(), rtol=1e-7, atol=1e-7), line
                if len(seen) < len(terms):
                    assert np.isclose(largest + others, whole, rtol=1e-8, atol=1e-8), line
                assert np.isclose(whole, float(value), rtol=1e-5, atol=1e-5), line
                self.compared["sums"] += 1

    def dump(self, lines):
        """`x/…xb`: addresses in the file, and bytes."""
        for line in lines:
            if found := re.match(r"0x([0-9a-f]+) <\+\d+>:\s+(.*)", line):
                start = int(found[1], 16)
                shown = bytes(int(byte, 16) for byte in found[2].split())
                assert self.bytes[start : start + len(shown)] == shown, line
                self.compared["bytes"] += len(shown)

    def figure(self, line):
        """`print f(x)` or `print f(a, b)` of whole outputs."""
        found = re.match(rf"(\w+)\((\S+?)(?:, (\S+))?\) = {NUMBER}", line)
        name = found[1]
        a = self.values(found[2]).astype(np.float64).ravel()
        b = self.values(found[3]).astype(np.float64).ravel() if found[3] else None
        expected = {
            "sum": lambda: a.sum(),
            "norm": lambda: np.linalg.norm(a),
            "mean": lambda: a.mean(),
            "min": lambda: a.min(),
            "max": lambda: a.max(),
            "rms": lambda: np.sqrt((a * a).mean()),
            "dot": lambda: a @ b,
            "cosine": lambda: a @ b / np.linalg.norm(a) / np.linalg.norm(b),
            "maxdiff": lambda: np.abs(a - b).max(),
        }[name]()
        assert np.isclose(float(found[4]), expected, rtol=1e-7, atol=1e-9), (line, expected)
        self.compared["figures"] += 1


def main():
    checker = Checker(sys.argv[1], sys.argv[2])
    for part in sys.stdin.read().split("(nibble) ")[1:]:
        command, *lines = part.rstrip("\n").split("\n")
        if command.startswith("why"):
            checker.product(lines)
        elif command.startswith("x"):
            checker.dump(lines)
        elif command.startswith("print"):
            checker.figure(lines[0])
    print(json.dumps(checker.compared))


main()
