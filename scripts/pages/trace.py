"""One trace of a page: the place of its parts in the page, and its file."""

import collections
import sqlite3

from exports.trace import CATEGORIES


class PageTrace:
    def __init__(self, page, place, path):
        self.page = page
        self.place = place
        self.database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.surface = page.locator("[data-run]").nth(place)
        self.readout = page.locator(".readout").nth(place)
        self.controls = page.locator(".controls").nth(place)
        self.part = page.locator(".passpart").nth(place)
        self.tokens = page.locator(".tokenview").nth(place)
        self.steps = self.one("SELECT coalesce(max(step), 0) FROM event")[0]
        self.compared = collections.Counter()

    def rows(self, query, *arguments):
        return self.database.execute(query, arguments).fetchall()

    def one(self, query, *arguments):
        return self.database.execute(query, arguments).fetchone()

    def moment(self, data):
        """Bytes by category and buffers at a step, as an element's data has them."""
        step = int(data["step"])
        use = self.one(f"SELECT {', '.join(CATEGORIES)} FROM memory_timeline WHERE step = ?", step)
        assert data["bytes"] == ",".join(map(str, use)), (step, data, use)
        assert int(data["total"]) == sum(use)
        alive = self.one(
            "SELECT count(*) FROM buffer WHERE allocated_step <= ?1"
            " AND (freed_step IS NULL OR freed_step > ?1)", step)[0]
        assert int(data["buffers"]) == alive, (step, data, alive)
        self.compared["moments"] += 1
        return step
