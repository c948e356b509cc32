"""Chrome's JSON, as the Trace Event Format has it and Perfetto reads it."""

import collections
import json

from exports.trace import CATEGORIES, live_by_step, rows


def check(db, path):
    events = json.load(open(path))["traceEvents"]
    steps = {row["step"]: row for row in rows(db, "SELECT * FROM event")}
    last = -1.0
    stacks, pairs, flows = collections.defaultdict(list), {}, collections.defaultdict(list)
    slices, lives, instants = collections.Counter(), 0, collections.Counter()
    counters = dict.fromkeys(CATEGORIES)
    seen, pending = {}, None

    def settle():
        # What the counters are once everything of a step's moment was read.
        if pending is not None:
            seen[pending] = [counters[name] or 0 for name in CATEGORIES]

    for event in events:
        phase = event["ph"]
        assert event["pid"] == 1 and isinstance(event["tid"], int) and event["tid"] > 0
        if phase == "M":
            assert event["name"] in ("process_name", "thread_name") and event["args"]["name"]
            continue
        time = round(event["ts"] * 1000)
        assert time >= last, "time goes backwards"
        last = time
        stack = stacks[event["tid"]]
        # A complete slice ends by itself.
        while stack and stack[-1][1] is not None and stack[-1][1] <= time and stack[-1][0] < time:
            stack.pop()
        if phase == "B":
            assert not stack or stack[-1][1] is None, "a slice that begins within a step"
            stack.append((time, None, event["name"]))
            slices[event["cat"] if event["cat"] in ("pass", "layer") else "op"] += 1
        elif phase == "E":
            while stack and stack[-1][1] is not None:
                assert stack[-1][1] <= time, "a step ends after what it is part of"
                stack.pop()
            assert stack, "an end without a beginning"
            stack.pop()
        elif phase == "X":
            while stack and stack[-1][1] is not None:
                assert stack[-1][1] <= time, "two steps of one thread at once"
                stack.pop()
            settle()
            pending = event["args"]["step"]
            stack.append((time, time + round(event["dur"] * 1000), event["name"]))
            instants[event["name"]] += 1
            assert steps[pending]["kind"] == event["name"]
            assert steps[pending]["thread"] == event["tid"] - 1
            if "bind_id" in event:
                flows[event["bind_id"]].append(
                    (event["name"], event.get("flow_in", False), event.get("flow_out", False)))
        elif phase == "b":
            key = (event["cat"], event["id"])
            assert key not in pairs
            pairs[key] = event
            lives += 1
        elif phase == "e":
            key = (event["cat"], event["id"])
            assert pairs.pop(key)["name"] == event["name"]
        elif phase == "C":
            counters[event["name"]] = event["args"]["bytes"]
        else:
            raise AssertionError(f"phase {phase}")
    settle()
    for stack in stacks.values():
        assert all(end is not None for _, end, _ in stack), "a slice that never ends"

    def count(query):
        return db.execute(query).fetchone()[0]

    assert slices["pass"] == count("SELECT count(*) FROM pass")
    assert slices["op"] == count("SELECT count(DISTINCT op) FROM event")
    layers, before = 0, (None, None)
    for key in db.execute("SELECT pass, layer FROM op ORDER BY id"):
        layers += key[1] is not None and key != before
        before = key
    assert slices["layer"] == layers
    kinds = collections.Counter(row["kind"] for row in steps.values())
    del kinds["compute"]
    assert instants == kinds, (instants, kinds)
    assert lives == count("SELECT count(*) FROM buffer")
    assert len(pairs) == count("SELECT count(*) FROM buffer WHERE freed_step IS NULL")
    expected = live_by_step(db)
    assert all(expected[step] == live for step, live in seen.items()), "counters"
    assert set(seen) == {step for step, row in steps.items() if row["kind"] != "compute"}
    tiles = {str(row["id"]): row for row in rows(db, "SELECT * FROM tile")}
    assert set(flows) == set(tiles)
    used = collections.Counter(
        str(tile) for (tile,) in db.execute("SELECT tile FROM matmul WHERE tile IS NOT NULL"))
    for tile, parts in flows.items():
        assert parts[0] == ("dequantize", False, True)
        freed = tiles[tile]["freed_step"] is not None
        middle = parts[1:-1] if freed else parts[1:]
        assert all(part == ("multiply", True, True) for part in middle)
        assert len(middle) == used[tile]
        assert not freed or parts[-1] == ("free", True, False)
    return {"slices": sum(slices.values()) + sum(instants.values()), "counters": len(seen),
            "flows": len(flows), "lives": lives}
