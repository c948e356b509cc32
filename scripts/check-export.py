#!/usr/bin/env python3
"""Checks an export of a trace against the trace, with nothing of nibble's: Python's json, csv,
pickle, xml and sqlite3, and numpy.

    scripts/check-export.py FORMAT TRACE EXPORT

Prints what was counted as JSON; ends with an AssertionError where something is wrong.
"""
import json
import sqlite3
import sys

from exports import chrome, memory_viz, svg, tables

CHECKS = {"chrome": chrome.check, "memory-viz": memory_viz.check, "svg": svg.check,
          "csv": tables.check_csv, "json": tables.check_json, "npy": tables.check_npy}


def main():
    form, trace, export = sys.argv[1:]
    print(json.dumps(CHECKS[form](sqlite3.connect(f"file:{trace}?mode=ro", uri=True), export)))


main()
