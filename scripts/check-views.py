#!/usr/bin/env python3
"""Checks the views of a trace, and the functions of `nibble sql`, from the raw tables alone.

    python3 scripts/check-views.py TRACE OTHER < RESULTS

Live memory is replayed from the lives of buffers and tiles, sums are added up in Python, and what
compares captured values is recomputed by numpy. RESULTS is a JSON object of what nibble itself
answers: `differences` (rows of op_differences) and `vectors` (op, norm, sum, argmax). Prints how many
values of each view were compared, as JSON.
"""

import collections
import json
import math
import sqlite3
import sys

import numpy as np

from exports.trace import CATEGORIES

compared = collections.Counter()


def same(view, found, expected, tolerance=0.0):
    compared[view] += 1
    if found == expected:
        return
    assert found is not None and expected is not None, (view, found, expected)
    assert abs(found - expected) <= tolerance * max(1, abs(expected)), (view, found, expected)


def open_trace(path):
    trace = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    trace.row_factory = sqlite3.Row
    return trace


def replay(trace):
    """Bytes by category after every step, from the lives of buffers and tiles."""
    last = trace.execute("SELECT max(step) FROM _event").fetchone()[0]
    changes = collections.defaultdict(list)
    lives = trace.execute(
        "SELECT a.id, l.category, a.bytes, a.freed_step FROM _allocation a JOIN _label l"
        " ON l.id = a.label UNION ALL SELECT id, 'weights_dequantized', bytes, freed_step"
        " FROM tile WHERE in_buffer IS NULL"
    )
    for made, category, size, freed in lives:
        changes[made].append((category, size))
        if freed is not None:
            changes[freed].append((category, -size))
    live = dict.fromkeys(CATEGORIES, 0)
    states = []
    for step in range(1, last + 1):
        for category, size in changes[step]:
            live[category] += size
        states.append({**live, "total": sum(live.values())})
    return states


def check_memory(trace):
    states = replay(trace)
    rows = trace.execute("SELECT * FROM memory_timeline ORDER BY step").fetchall()
    assert len(rows) == len(states)
    for row, state in zip(rows, states):
        for category in CATEGORIES + ["total"]:
            same("memory_timeline", row[category], state[category])

    def peaks(view, rows, chosen):
        peak = max(chosen, key=lambda state: state["total"])
        for row in rows:
            same(view, row["bytes"], max(state[row["category"]] for state in chosen))
            same(view, row["at_peak"], peak[row["category"]])

    peaks("peak_by_category", trace.execute("SELECT * FROM peak_by_category").fetchall(), states)
    passes = trace.execute("SELECT * FROM pass").fetchall()
    for kind in {row["kind"] for row in passes}:
        chosen = [
            state
            for row in passes
            if row["kind"] == kind
            for state in states[row["first_step"] - 1 : row["last_step"]]
        ]
        rows = trace.execute("SELECT * FROM peak_by_pass_kind WHERE pass_kind = ?", (kind,))
        peaks("peak_by_pass_kind", rows.fetchall(), chosen)
    total = sum(row["bytes"] for row in trace.execute("SELECT bytes FROM peak_buffers"))
    same("peak_buffers", total, max(state["total"] for state in states))
    for row in trace.execute("SELECT * FROM dequantized_so_far"):
        same("dequantized_so_far", row["live"], states[row["step"] - 1]["weights_dequantized"])


def check_work(trace):
    node_of = {row[0]: row[1] for row in trace.execute("SELECT id, node FROM _op")}
    op_of = {row[0]: row[1] for row in trace.execute("SELECT step, op FROM _event")}
    weight_tiles = {row["id"]: row for row in trace.execute("SELECT * FROM weight_tile")}
    by_node, by_tensor, so_far = {}, {}, {}
    made = 0
    for tile in trace.execute("SELECT * FROM tile ORDER BY id"):
        made += tile["bytes"]
        so_far[tile["id"]] = made
        weights = weight_tiles[tile["weight_tile"]]
        keys = [(by_tensor, weights["tensor"])]
        if op_of[tile["id"]] is not None:
            keys.append((by_node, node_of[op_of[tile["id"]]]))
        for table, key in keys:
            sums = table.setdefault(key, collections.Counter())
            sums["tiles"] += 1
            sums["dequantized"] += tile["bytes"]
            sums["packed"] += weights["packed_bytes"]
            sums["dequantize_ns"] += tile["dequantize_ns"]
    for product in trace.execute("SELECT step, tensor, m, k, n, duration_ns FROM matmul"):
        keys = [(by_tensor, product["tensor"])]
        if op_of[product["step"]] is not None:
            keys.append((by_node, node_of[op_of[product["step"]]]))
        for table, key in keys:
            sums = table.setdefault(key, collections.Counter())
            sums["products"] += 1
            sums["flops"] += 2 * product["m"] * product["k"] * product["n"]
            sums["multiply_ns"] += product["duration_ns"]
    for row in trace.execute("SELECT * FROM dequantized_so_far"):
        same("dequantized_so_far", row["dequantized"], so_far[row["step"]])
    columns = "tiles dequantized dequantize_ns products flops multiply_ns".split()
    nodes = {row["name"]: row["id"] for row in trace.execute("SELECT id, name FROM _node")}
    for row in trace.execute("SELECT * FROM op_summary"):
        sums = by_node.get(nodes[row["name"]], {})
        for column in columns + ["packed"]:
            same("op_summary", row[column], sums.get(column, 0))
        same("op_summary", row["dequantized_percent"], 100 * sums.get("dequantized", 0) / made, 0.01)
    spent = sum(s["dequantize_ns"] + s["multiply_ns"] for s in by_tensor.values())
    for row in trace.execute("SELECT * FROM tensor_summary"):
        sums = by_tensor.get(row["tensor"], collections.Counter())
        for column in columns:
            same("tensor_summary", row[column], sums[column])
        share = 100 * (sums["dequantize_ns"] + sums["multiply_ns"]) / spent
        same("tensor_summary", row["percent"], share, 0.01)
    layer_of = {row[0]: row[1] for row in trace.execute("SELECT id, layer FROM tensor")}
    for row in trace.execute("SELECT * FROM layer_summary"):
        for column in ("tiles", "dequantized", "flops"):
            total = sum(s[column] for t, s in by_tensor.items() if layer_of[t] == row["layer"])
            same("layer_summary", row[column], total)


def check_cache_and_tokens(trace):
    used = 0
    appends = {(row["position"], row["layer"]): row for row in trace.execute("SELECT * FROM kv_append")}
    for row in trace.execute("SELECT * FROM kv_by_position ORDER BY step"):
        raw = appends[row["position"], row["layer"]]
        used += raw["key_bytes"] + raw["value_bytes"]
        same("kv_by_position", row["cache_bytes"], used)
    positions = 0
    for row in trace.execute("SELECT m.*, p.tokens FROM memory_per_token m JOIN pass p ON p.id = m.pass"):
        positions += row["tokens"]
        cache = sum(
            a["key_bytes"] + a["value_bytes"] for a in appends.values() if a["position"] < positions
        )
        same("memory_per_token", row["positions"], positions)
        same("memory_per_token", row["cache_bytes"], cache)
        same("memory_per_token", row["cache_bytes_per_token"], cache / positions)
    for row in trace.execute("SELECT s.probability, t.logprob, t.id, t.top_k, s.rank FROM token_summary s"
                             " JOIN token t USING (branch, sequence, position)"):
        expected = None if row["logprob"] is None else math.exp(row["logprob"])
        same("token_summary", row["probability"], expected, 1e-6)
        if row["top_k"]:
            ids = [choice["id"] for choice in json.loads(row["top_k"])]
            same("token_summary", row["rank"], ids.index(row["id"]) + 1 if row["id"] in ids else None)


def check_nibble(trace, other, results):
    def values(trace):
        rows = trace.execute(
            "SELECT o.id, o.pass, n.name, v.data FROM value v JOIN _op o ON o.id = v.op"
            " JOIN _node n ON n.id = o.node"
        )
        return {(row[1], row[2]): (row[0], np.frombuffer(row[3], "<f4").astype(float)) for row in rows}

    ours, theirs = values(trace), values(other)
    assert len(results["differences"]) >= len(ours)
    for row in results["differences"]:
        if row["value_difference"] is None:
            continue
        (op, a), (other_op, b) = ours[row["pass"], row["name"]], theirs[row["pass"], row["name"]]
        assert (row["op"], row["other_op"]) == (op, other_op)
        same("op_differences", row["value_difference"], float(np.abs(a - b).max()))
        cosine = a @ b / math.sqrt((a @ a) * (b @ b))
        same("op_differences", row["cosine"], float(cosine), 1e-9)
        rms = max(math.sqrt((a * a).mean()), math.sqrt((b * b).mean()))
        same("op_differences", row["difference"], float(np.abs(a - b).max() / rms), 1e-5)
    by_op = {op: vector for op, vector in ours.values()}
    for row in results["vectors"]:
        vector = by_op[row["op"]]
        same("vectors", row["norm"], float(np.linalg.norm(vector)), 1e-9)
        same("vectors", row["sum"], float(vector.sum()), 1e-9)
        same("vectors", row["argmax"], int(vector.argmax()))


def main():
    trace, other = open_trace(sys.argv[1]), open_trace(sys.argv[2])
    check_memory(trace)
    check_work(trace)
    check_cache_and_tokens(trace)
    check_nibble(trace, other, json.load(sys.stdin))
    print(json.dumps(compared))


main()
