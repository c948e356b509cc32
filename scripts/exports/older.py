"""Traces of older schemas, brought to today's by changing a copy of them."""

import pathlib
import re
import sqlite3

SQL = pathlib.Path(__file__).parents[2] / "Sources/TraceStore/SQL"

# Version, table, column, and its value in a run of before.
COLUMNS = [
    (2, "pass", "is_finished", 1), (2, "pass", "sequences", 1), (2, "tile", "in_buffer", None),
    (2, "kv_append", "sequence", 0), (2, "kv_append", "key_error_rms", None),
    (2, "kv_append", "value_error_rms", None), (2, "kv_append", "key_rms", None),
    (2, "kv_append", "value_rms", None), (3, "pass", "strategy", "strategy"),
    (3, "pass", "tile_rows", "tile_rows"), (3, "pass", "kv_type", "kv_type"),
    (3, "token", "is_forced", 0),
]


def open_trace(path):
    """The trace; one of an older schema in memory, with the tables and views of today."""
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (version,) = file.execute("PRAGMA user_version").fetchone()
    if version >= 3:
        return file
    db = sqlite3.connect(":memory:")
    file.backup(db)
    meta = dict(db.execute("SELECT key, value FROM meta"))
    for since, table, column, value in COLUMNS:
        if version < since:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
            if isinstance(value, str):
                value = int(meta[value]) if value == "tile_rows" else meta[value]
            db.execute(f"UPDATE {table} SET {column} = ?", (value,))
    tables = (SQL / "schema.sql").read_text()
    for since, table in [(2, "failure"), (3, "branch")]:
        if version < since:
            db.execute(re.search(rf"^CREATE TABLE {table} .*?^\);", tables, re.M | re.S)[0])
    db.execute("INSERT INTO branch VALUES (0, NULL, 0, 0)")
    for topic in ["lookups", "memory", "tiles", "kv", "ops", "tokens"]:
        text = (SQL / f"{topic}.sql").read_text()
        for view in re.finditer(r"^CREATE VIEW (\w+).*?;$", text, re.M | re.S):
            db.execute(f"DROP VIEW IF EXISTS {view[1]}")
            db.execute(view[0])
    return db
