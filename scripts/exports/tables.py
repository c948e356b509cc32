"""Tables: CSV, lines of JSON, and arrays of NumPy."""

import collections
import csv
import glob
import json
import os
import re

from exports.trace import rows


def relations(db):
    """Names of documented tables and views: all, and those that are tables in the schema."""
    names = db.execute(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    names = [(n, t) for n, t in names if not n.startswith(("_", "sqlite"))]
    return [n for n, _ in names], [n for n, t in names
                                   if t == "table" or n in ("op", "event", "buffer", "tile", "matmul")]


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
