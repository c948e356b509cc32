#!/usr/bin/env python3
"""Reads traces through DuckDB's SQLite extension, and compares every table and view with what
SQLite itself finds.

    python3 scripts/check-duckdb.py TRACE...

Needs `duckdb==1.4.4` and `duckdb-ext-sqlite`, which carries the extension as a file. Prints how many
values were compared, as JSON.
"""

import glob
import json
import os
import sqlite3
import sys

import duckdb
import duckdb_ext


def connect():
    # One thread: the extension shares a connection of SQLite among the scans of a query.
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 1})
    for folder in duckdb_ext.__path__:
        for path in glob.glob(f"{folder}/**/sqlite_scanner.duckdb_extension", recursive=True):
            connection.execute(f"LOAD '{path}'")
            return connection
    raise AssertionError("duckdb-ext-sqlite is not installed")


def rows(cursor):
    """The names of the columns, and all rows with numbers as floats, in an order of their own."""
    columns = [column[0] for column in cursor.description]
    found = [
        tuple(value if value is None or isinstance(value, (str, bytes)) else float(value)
              for value in row)
        for row in cursor.fetchall()
    ]
    return columns, sorted(found, key=repr)


def check(path):
    trace = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    duck = connect()
    duck.execute(f"ATTACH '{path}' AS t (TYPE sqlite, READ_ONLY)")
    names = [name for (name,) in trace.execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")]
    compared = 0
    for name in names:
        columns, found = rows(duck.execute(f'SELECT * FROM t."{name}"'))
        own, expected = rows(trace.execute(f'SELECT * FROM "{name}"'))
        assert columns == own, (name, columns, own)
        assert len(found) == len(expected), (name, len(found), len(expected))
        for row, wanted in zip(found, expected):
            assert row == wanted, (name, row, wanted)
        compared += len(found) * len(columns)
    tables = {name for (name,) in trace.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    shown = {row[2] for row in duck.execute("SHOW ALL TABLES").fetchall() if row[0] == "t"}
    assert shown >= tables, tables - shown
    listed = {name for (name,) in duck.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = 't'").fetchall()}
    assert listed == set(names), listed ^ set(names)
    return {"relations": len(names), "values": compared}


def main():
    print(json.dumps({os.path.basename(path): check(path) for path in sys.argv[1:]}))


main()
