#!/usr/bin/env python3
"""Checks an export of a trace against the trace, with nothing of nibble's: Python's json, csv,
pickle, xml and sqlite3, and numpy.

    scripts/check-export.py FORMAT TRACE EXPORT

Prints what was counted as JSON; ends with an AssertionError where something is wrong.
"""
import collections, csv, glob, json, math, os, pickle, pickletools, re, sqlite3, sys
import xml.etree.ElementTree

CATEGORIES = ["weights", "weights_dequantized", "kv_cache", "activations", "workspace", "logits"]


def rows(db, query):
    """All rows of a query, as dictionaries."""
    cursor = db.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def live_by_step(db):
    query = f"SELECT step, {', '.join(CATEGORIES)} FROM event"
    return {step: live for step, *live in db.execute(query)}


# Chrome's JSON, as the Trace Event Format has it and Perfetto reads it.


def check_chrome(db, path):
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


# PyTorch's memory snapshot, as torch.cuda.memory._snapshot gives it and memory_viz reads it.

# The opcodes that the page's own reader knows.
PAGE = {
    "APPENDS", "BINGET", "BININT", "BININT1", "BININT2", "EMPTY_DICT", "EMPTY_LIST", "FRAME",
    "LONG1", "LONG_BINGET", "MARK", "MEMOIZE", "PROTO", "SETITEMS", "SHORT_BINUNICODE", "STOP",
    "TUPLE2", "APPEND", "NEWFALSE", "BINPUT", "BINUNICODE", "EMPTY_TUPLE", "NEWTRUE", "NONE",
    "BINFLOAT", "TUPLE", "TUPLE1", "TUPLE3", "LONG_BINPUT", "LIST", "DICT", "SETITEM"}


def check_memory_viz(db, path):
    data = open(path, "rb").read()
    for opcode, argument, _ in pickletools.genops(data):
        assert opcode.name in PAGE, opcode.name
        assert opcode.name != "PROTO" or 2 <= argument <= 4
        assert opcode.name != "LONG1" or 0 <= argument < 2**53
    snapshot = pickle.loads(data)
    (events,) = snapshot["device_traces"]
    expected = live_by_step(db)
    blocks, segments = {}, {}
    live = collections.Counter()
    category_of, counts = {}, collections.Counter()
    step, time, checked = 0, -1, 0

    def settle(until):
        # Steps without an event leave memory as it was.
        nonlocal checked
        for number in range(step, until):
            if number > 0:
                assert expected[number] == [live[name] for name in CATEGORIES], number
                checked += 1

    def check_frames(frames):
        for frame in frames:
            assert type(frame["filename"]) is str and type(frame["name"]) is str
            assert type(frame["line"]) is int
        return frames

    for event in events:
        frames = check_frames(event["frames"])
        assert frames[0]["filename"] == "step" and frames[-1]["filename"] == "pass"
        settle(frames[0]["line"])
        step = frames[0]["line"]
        assert event["time_us"] >= time and event["stream"] == 0
        time = event["time_us"]
        action, address, size = event["action"], event["addr"], event["size"]
        counts[action] += 1
        if action == "segment_alloc":
            assert all(address + size <= a or a + s <= address for a, s in segments.items())
            segments[address] = size
            assert event["category"] == "unknown"
        elif action == "alloc":
            assert any(a <= address and address + size <= a + s for a, s in segments.items())
            assert all(address + size <= a or a + s <= address for a, s in blocks.items())
            blocks[address] = size
            category_of[address] = event["category"]
            live[event["category"]] += size
        elif action == "free_requested":
            assert blocks[address] == size
            requested = address
        elif action == "free_completed":
            assert requested == address and blocks.pop(address) == size
            live[category_of.pop(address)] -= size
        elif action == "oom":
            assert event["device_free"] >= 0
        else:
            raise AssertionError(action)
    if expected:
        settle(max(expected) + 1)
    assert checked == len(expected)
    categories = {event["category"] for event in events if "category" in event}
    assert not categories or "unknown" in categories
    assert counts["alloc"] == db.execute(
        "SELECT count(*) FROM buffer WHERE bytes > 0").fetchone()[0]
    assert {s["address"]: s["total_size"] for s in snapshot["segments"]} == segments
    at_end = {}
    for segment in snapshot["segments"]:
        address = segment["address"]
        assert segment["device"] == 0 and segment["stream"] == 0
        for block in segment["blocks"]:
            check_frames(block["frames"])
            assert block["address"] == address
            assert block["state"] in ("active_allocated", "inactive") and block["size"] > 0
            if block["state"] == "active_allocated":
                at_end[address] = block["requested_size"]
            address += block["size"]
        assert address == segment["address"] + segment["total_size"]
        own = sum(b["size"] for b in segment["blocks"] if b["state"] == "active_allocated")
        assert own == segment["allocated_size"] == segment["active_size"]
    assert at_end == blocks
    return {"events": len(events), "steps": checked, "segments": len(segments)}


# Tables.


def relations(db):
    """Names of documented tables and views: all, and those that are tables in the schema."""
    names = db.execute(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    names = [(n, t) for n, t in names if not n.startswith(("_", "sqlite"))]
    return [n for n, _ in names], [n for n, t in names
                                   if t == "table" or n in ("op", "event", "buffer")]


def table(db, name):
    if name == "value":
        return rows(db, "SELECT op, dtype, shape, length(data) AS bytes FROM value")
    return rows(db, f'SELECT * FROM "{name}"')


def check_csv(db, path):
    names, _ = relations(db)
    assert sorted(os.listdir(path)) == sorted(f"{name}.csv" for name in names)
    counted = 0
    for name in names:
        expected = table(db, name)
        with open(f"{path}/{name}.csv", newline="") as file:
            found = list(csv.DictReader(file, strict=True))
        assert len(found) == len(expected), name
        for row, wanted in zip(found, expected):
            assert list(row) == list(wanted), name
            for column, value in wanted.items():
                text = row[column]
                if value is None:
                    assert text == "", (name, column)
                else:
                    assert type(value)(text) == value, (name, column, text, value)
        counted += len(found)
    return {"tables": len(names), "rows": counted}


def check_json(db, path):
    _, names = relations(db)
    found = collections.defaultdict(list)
    for line in open(path):
        row = json.loads(line)
        found[row.pop("table")].append(row)
    assert set(found) <= set(names)
    for name in names:
        expected = table(db, name)
        assert found[name] == expected, name
    return {"tables": len(names), "rows": sum(map(len, found.values()))}


def check_npy(db, path):
    import numpy
    values = 0
    for op, pass_id, name, dtype, shape, data in db.execute(
            "SELECT o.id, o.pass, o.name, dtype, shape, data FROM value JOIN op AS o ON o.id = op"):
        (file,) = glob.glob(f"{path}/{op:06d}-pass{pass_id}-*.npy")
        assert re.fullmatch(r"[A-Za-z0-9._-]+", os.path.basename(file))
        array = numpy.load(file, allow_pickle=False)
        assert array.dtype == numpy.dtype("<f4") and dtype == "f32"
        assert list(array.shape) == json.loads(shape)
        assert array.tobytes() == data
        values += 1
    assert values == len(os.listdir(path))
    return {"values": values}


# The picture.


def check_svg(db, path):
    space = "{http://www.w3.org/2000/svg}"
    root = xml.etree.ElementTree.parse(path).getroot()
    assert root.tag == space + "svg" and root.get("role") == "img"
    assert root.find(space + "title").text and root.find(space + "desc").text
    texts = [text.text for text in root.iter(space + "text")]
    peak = db.execute("SELECT step FROM peak_by_category WHERE category = 'total'").fetchone()[0]
    assert any(text.endswith(f"at step {peak:,}") for text in texts)
    areas = [p for p in root.iter(space + "path") if p.find(space + "title") is not None]
    for area in areas:
        for number in re.findall(r"-?[0-9.]+", area.get("d")):
            assert math.isfinite(float(number)) and -1 < float(number) < 900
    assert areas and "prefers-color-scheme: dark" in root.find(space + "style").text
    return {"areas": len(areas)}


def main():
    form, trace, export = sys.argv[1:]
    db = sqlite3.connect(f"file:{trace}?mode=ro", uri=True)
    check = {"chrome": check_chrome, "memory-viz": check_memory_viz, "csv": check_csv,
             "json": check_json, "npy": check_npy, "svg": check_svg}[form]
    print(json.dumps(check(db, export)))


main()
