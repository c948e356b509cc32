"""PyTorch's memory snapshot, as torch.cuda.memory._snapshot gives it and memory_viz reads it."""

import collections
import pickle
import pickletools

from exports.trace import CATEGORIES, live_by_step

# The opcodes that the page's own reader knows.
PAGE = {
    "APPENDS", "BINGET", "BININT", "BININT1", "BININT2", "EMPTY_DICT", "EMPTY_LIST", "FRAME",
    "LONG1", "LONG_BINGET", "MARK", "MEMOIZE", "PROTO", "SETITEMS", "SHORT_BINUNICODE", "STOP",
    "TUPLE2", "APPEND", "NEWFALSE", "BINPUT", "BINUNICODE", "EMPTY_TUPLE", "NEWTRUE", "NONE",
    "BINFLOAT", "TUPLE", "TUPLE1", "TUPLE3", "LONG_BINPUT", "LIST", "DICT", "SETITEM"}


def check(db, path):
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
