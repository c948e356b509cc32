#!/usr/bin/env python3
"""Counts what the view expert_use says of a trace from the raw tables alone.

    python3 scripts/check-experts.py TRACE...

Prints how many rows were compared.
"""

import collections
import json
import sqlite3
import sys


def counted(trace):
    """(layer, expert) to (tokens, passes, bytes)."""
    nodes = {row[0]: row[1:] for row in trace.execute(
        "SELECT id, layer, name, kind, inputs FROM _node")}
    ops = {row[0]: row[1:] for row in trace.execute("SELECT id, pass, node, cols FROM _op")}
    cols = {(in_pass, nodes[node][1]): width for in_pass, node, width in ops.values()}
    tokens, passes, read = collections.Counter(), collections.defaultdict(set), collections.Counter()
    experts = set()
    for in_pass, node, _ in ops.values():
        layer, _, kind, inputs = nodes[node]
        if kind == "route":
            [logits] = json.loads(inputs)
            experts |= {(layer, expert) for expert in range(cols[in_pass, logits])}
    for op, expert in trace.execute("SELECT op, expert FROM route"):
        in_pass, node, _ = ops[op]
        tokens[nodes[node][0], expert] += 1
        passes[nodes[node][0], expert].add(in_pass)
    tiles = dict(trace.execute("SELECT id, weight_tile FROM _tile"))
    first_rows = dict(trace.execute("SELECT id, first_row FROM weight_tile"))
    tensors = {row[0]: row[1:] for row in trace.execute("SELECT id, rows, bytes FROM tensor")}
    events = {row[0]: row[1:] for row in trace.execute("SELECT step, op, buffer FROM _event")}
    for step, tensor, first_row, count in trace.execute(
            "SELECT step, tensor, first_row, n FROM _matmul"):
        op, buffer = events[step]
        _, node, width = ops[op]
        layer, _, kind, _ = nodes[node]
        if kind != "mul_mat_id":
            continue
        if first_row is None:
            first_row = first_rows[tiles[step - buffer]]
        rows, size = tensors[tensor]
        assert size % rows == 0
        read[layer, first_row // width] += count * (size // rows)
    assert set(tokens) | set(read) <= experts
    return {key: (tokens[key], len(passes[key]), read[key]) for key in experts}


def main():
    compared = 0
    for path in sys.argv[1:]:
        trace = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        expected = counted(trace)
        rows = trace.execute("SELECT layer, expert, tokens, passes, bytes FROM expert_use").fetchall()
        assert [row[:2] for row in rows] == sorted(expected), path
        for layer, expert, *found in rows:
            assert tuple(found) == expected[layer, expert], (path, layer, expert, found)
        compared += len(rows)
    print(compared)


main()
