"""What several checks ask of a trace."""

CATEGORIES = ["weights", "weights_dequantized", "kv_cache", "activations", "workspace", "logits"]


def rows(db, query):
    """All rows of a query, as dictionaries."""
    cursor = db.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def live_by_step(db):
    query = f"SELECT step, {', '.join(CATEGORIES)} FROM event"
    return {step: live for step, *live in db.execute(query)}
