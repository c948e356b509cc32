"""The picture: well-formed, its numbers those of the trace, its areas as high as they are to be."""

import math
import re
import xml.etree.ElementTree

from exports.trace import CATEGORIES
from stairs import heights


def check(db, path):
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
    failed = db.execute("SELECT step FROM failure").fetchone() if has_failures(db) else None
    assert bool(failed) == any(text.get("class") == "fail" for text in root.iter(space + "text"))
    return {"areas": len(areas), "drawn": drawn(db, [area.get("d") for area in areas])}


def has_failures(db):
    return db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'failure'").fetchone()[0]


def drawn(db, paths):
    """The upper edge, where each step has a place of its own: bytes and pixels are in proportion."""
    totals = [sum(live) for live in db.execute(
        f"SELECT {', '.join(CATEGORIES)} FROM event ORDER BY step")]
    if len(totals) > 640:
        return 0
    found = heights(paths, [78 + 792 * (step + 0.5) / len(totals) for step in range(len(totals))])
    low, high = min(totals), max(totals)
    top, bottom = (found[totals.index(total)] for total in [high, low])
    for y, total in zip(found, totals):
        share = (total - low) / max(high - low, 1)
        assert abs(y - (bottom + (top - bottom) * share)) < 0.3, (y, total, top, bottom)
    return len(totals)
