#!/usr/bin/env python3
"""Checks an export of a trace against the trace, with nothing of nibble's: Python's json, csv,
pickle, xml and sqlite3, and numpy.

    scripts/check-export.py FORMAT TRACE EXPORT

Prints what was counted as JSON; ends with an AssertionError where something is wrong.
"""
import json
import sys

from exports import chrome, memory_viz, older, svg, tables

CHECKS = {"chrome": chrome.check, "memory-viz": memory_viz.check, "svg": svg.check,
          "csv": tables.check_csv, "json": tables.check_json, "npy": tables.check_npy}


def main():
    form, trace, export = sys.argv[1:]
    print(json.dumps(CHECKS[form](older.open_trace(trace), export)))


main()
