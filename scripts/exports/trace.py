"""What several checks ask of a trace."""

import pathlib
import re

# As the engine lists them.
_CASES = re.findall(r"^  case (\w+)", (pathlib.Path(__file__).parents[2]
                    / "Sources/Events/MemoryUse.swift").read_text(), re.M)
CATEGORIES = [re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), case) for case in _CASES]


def rows(db, query):
    """All rows of a query, as dictionaries."""
    cursor = db.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def live_by_step(db):
    query = f"SELECT step, {', '.join(CATEGORIES)} FROM event"
    return {step: live for step, *live in db.execute(query)}
