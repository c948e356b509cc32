#!/usr/bin/env python3
"""Opens pages of `nibble export --format html` in Chromium, uses them, and compares what they say
with SQL over their traces.

    pip install playwright
    python3 scripts/check-page.py FOLDER

Each page of FOLDER is checked against the trace of the same name; `a+b.html` holds a.sqlite and
b.sqlite. The plot is walked and zoomed with keys, wheel, pointer and buttons, the pass with its
slider and by playing it; the bytes and buffers of each moment are compared with the trace, and so
are tiles, tokens and tables. A page must ask for nothing but itself and report no error. Prints
what was compared and what the page drew of whole runs, as JSON.
"""

import json
import pathlib
import sqlite3
import sys

from playwright.sync_api import sync_playwright

from browser import launch

CATEGORIES = "weights, weights_dequantized, kv_cache, activations, workspace, logits"


class TraceCheck:
    """One trace of a page: the place of its parts in the page, and its file."""

    def __init__(self, page, place, path):
        self.page = page
        self.trace = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.surface = page.locator("[data-run]").nth(place)
        self.readout = page.locator(".readout").nth(place)
        self.controls = page.locator(".controls").nth(place)
        self.part = page.locator(".passpart").nth(place)
        self.tokens = page.locator(".tokenview").nth(place)
        self.place = place
        self.compared = dict.fromkeys(["moments", "ranges", "tiles", "tokens", "rows"], 0)

    def one(self, query, *arguments):
        return self.trace.execute(query, arguments).fetchone()

    def check(self):
        self.steps = self.one("SELECT coalesce(max(step), 0) FROM event")[0]
        self.figures()
        if self.steps:
            self.run()
            self.zoom()
        if self.part.locator(".player").count():
            self.detail()
        self.text()
        return self.compared

    # What is alive

    def moment(self, data):
        """Bytes by category and buffers at a step, as an element's data has them."""
        step = int(data["step"])
        use = self.one(f"SELECT {CATEGORIES} FROM memory_timeline WHERE step = ?", step)
        assert data["bytes"] == ",".join(map(str, use)), (step, data, use)
        assert int(data["total"]) == sum(use)
        alive = self.one(
            "SELECT count(*) FROM buffer WHERE allocated_step <= ?1"
            " AND (freed_step IS NULL OR freed_step > ?1)", step)[0]
        assert int(data["buffers"]) == alive, (step, data, alive)
        self.compared["moments"] += 1
        return step

    def look(self):
        """The moment that the plot tells of: of several steps, the one with most alive."""
        data = self.readout.evaluate("element => ({ ...element.dataset })")
        step = self.moment(data)
        most = self.one("SELECT max(total) FROM memory_timeline WHERE step BETWEEN ? AND ?",
                        data["first"], data["last"])[0]
        assert int(data["total"]) == most, (data, most)
        name = self.one("SELECT op_name FROM memory_timeline WHERE step = ?", step)[0]
        assert data["op"] == (name or ""), (data, name)
        assert self.surface.get_attribute("aria-valuenow") == str(step)
        assert f"step {step:,}" in self.surface.get_attribute("aria-valuetext")
        return step

    def figures(self):
        bars = self.page.locator(".bars").nth(self.place).locator("[data-figure]")
        values = {bar["figure"]: int(bar["bytes"]) for bar in bars.evaluate_all(
            "all => all.map((bar) => ({ ...bar.dataset }))")}
        whole = "CASE WHEN upper(type) IN ('F32', 'F16', 'BF16') THEN bytes ELSE 2 * rows * cols END"
        assert values == {
            "packed": self.one("SELECT coalesce(sum(bytes), 0) FROM tensor")[0],
            "whole": self.one(f"SELECT coalesce(sum({whole}), 0) FROM tensor")[0],
            "temporary": self.one("SELECT coalesce(max(weights_dequantized), 0) FROM event")[0],
        }, values

    # The plot of the run

    def range(self):
        data = self.surface.evaluate("element => ({ ...element.dataset })")
        self.compared["ranges"] += 1
        first, last = int(data["first"]), int(data["last"])
        assert 1 <= first <= last <= self.steps, data
        return first, last

    def run(self):
        assert self.range() == (1, self.steps)
        self.surface.focus()
        self.surface.press("Home")
        assert self.look() >= 1
        last = 0
        for _ in range(15):  # operation by operation
            self.surface.press("ArrowRight")
            step = self.look()
            assert step > last or step == self.steps, (step, last)
            last = step
        self.surface.press("End")
        end = self.look()
        self.surface.press("ArrowLeft")
        assert self.look() < end
        passes = [row[0] for row in self.trace.execute("SELECT first_step FROM pass ORDER BY id")]
        self.surface.press("Home")
        for _ in passes:
            self.surface.press("PageDown")
            self.look()

    def zoom(self):
        surface = self.surface
        surface.press("p")
        peak = self.one("SELECT step, bytes FROM peak_by_category WHERE category = 'total'")
        assert self.look() == peak[0]
        assert int(self.readout.get_attribute("data-total")) == peak[1]
        first, last = self.range()
        assert first <= peak[0] <= last
        surface.press("0")
        assert self.range() == (1, self.steps)

        surface.press("+")
        count = self.range()[1] - self.range()[0] + 1
        assert abs(count - max(8, self.steps / 2)) <= 1, count
        surface.press("-")
        assert self.range() == (1, self.steps)
        self.controls.get_by_text("+", exact=True).click()
        assert self.range()[1] - self.range()[0] + 1 == count
        self.controls.get_by_text("All", exact=True).click()
        assert self.range() == (1, self.steps)

        # The wheel zooms about the pointer once the plot is chosen, and leaves the page alone.
        surface.focus()
        box = surface.bounding_box()
        x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        under = self.look()
        self.page.mouse.wheel(0, -300)
        self.page.wait_for_function(
            "([plot, steps]) => plot.dataset.last - plot.dataset.first + 1 < steps",
            arg=[surface.element_handle(), self.steps])
        first, last = self.range()
        assert first <= under <= last, (first, under, last)
        self.look()
        surface.dblclick()
        assert self.range() == (1, self.steps)

        # What is dragged over is what is shown.
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + box["width"] * 0.2, y, steps=4)
        self.page.mouse.up()
        count = self.range()[1] - self.range()[0] + 1
        shown = 0.2 * box["width"] / (box["width"] - 88) * self.steps
        assert abs(count - shown) <= max(8, 0.02 * self.steps), (count, shown)
        surface.press("0")

    # The pass that is shown step by step

    def detail(self):
        player = self.part.locator(".player")
        title = self.part.locator(".lead").first.inner_text()
        self.pass_id = int(title.split()[1].rstrip(","))
        layers = self.part.get_by_role("tablist", name="Layers").get_by_role("tab")
        names = []
        for place in sorted({0, 1, layers.count() - 1} & set(range(layers.count()))):
            layers.nth(place).focus()
            self.page.keyboard.press("Enter")
            names += self.part.locator("[data-op]").evaluate_all("all => all.map((tab) => tab.dataset.op)")
            self.scrub(player)
        assert len(set(names)) == len(names)
        known = {row[0] for row in self.trace.execute(
            "SELECT name FROM op WHERE pass = ?", (self.pass_id,))}
        assert set(names) <= known

        # Arrow keys go from layer to layer, and Enter chooses.
        layers.first.focus()
        self.page.keyboard.press("End")
        self.page.keyboard.press("Enter")
        assert layers.last.get_attribute("aria-selected") == "true"
        layers.nth(min(1, layers.count() - 1)).click()
        self.play(player)

    def tiles(self, player):
        data = player.evaluate("element => ({ ...element.dataset })")
        step = self.moment(data)
        name = self.part.locator("[data-op][aria-selected=true]").get_attribute("data-op")
        first, last = self.one("SELECT first_step, last_step FROM op WHERE pass = ? AND name = ?",
                               self.pass_id, name)
        of_op = ("FROM tile WHERE (id BETWEEN ?2 AND ?3 OR id IN"
                 " (SELECT tile FROM matmul WHERE step BETWEEN ?2 AND ?3))")
        alive, freed, waiting = self.one(
            "SELECT count(*) FILTER (WHERE id <= ?1 AND (freed_step IS NULL OR freed_step > ?1)),"
            " count(*) FILTER (WHERE freed_step <= ?1), count(*) FILTER (WHERE id > ?1) " + of_op,
            step, first, last)
        if alive + freed + waiting:
            assert int(data["waiting"]) == waiting, (name, data, waiting)
        assert (int(data["alive"]), int(data["freed"])) == (alive, freed), (name, data, alive, freed)
        kind = self.one("SELECT kind FROM event WHERE step = ?", step)[0]
        assert data["kind"] == kind
        self.compared["tiles"] += 1
        return step

    def scrub(self, player):
        """Every operation of the chosen layer, at several steps of it."""
        tabs = self.part.locator("[data-op]")
        has_parts = tabs.evaluate_all("all => all.map((tab) => tab.classList.contains('matrix'))")
        for place, has in enumerate(has_parts):
            if not has and place:
                continue
            tabs.nth(place).click()
            slider = player.get_by_role("slider")
            low, high = (int(slider.get_attribute(end)) for end in ["min", "max"])
            for step in sorted({low, high, *range(low, high, max(1, (high - low) // 3))}):
                slider.fill(str(step))
                assert self.tiles(player) == step

    def play(self, player):
        slider = player.get_by_role("slider")
        low, high = (int(slider.get_attribute(end)) for end in ["min", "max"])
        slider.focus()
        slider.press("Home")
        assert self.tiles(player) == low
        slider.press("ArrowRight")
        assert self.tiles(player) == min(low + 1, high)
        handle = player.element_handle()
        if high > low + 8:
            player.get_by_role("button", name="Play").click()
            self.page.wait_for_function(
                "([player, step]) => player.dataset.step > step", arg=[handle, low + 4])
            player.get_by_role("button", name="Pause").click()
            paused = self.tiles(player)
            assert low + 4 < paused <= high
            slider.fill(str(high - 4))
        player.get_by_role("button", name="Play").click()
        self.page.wait_for_function(
            "([player, step]) => player.dataset.step == step", arg=[handle, high])
        self.tiles(player)
        player.get_by_role("button", name="One step back").click()
        assert self.tiles(player) == max(low, high - 1)

    # Tokens and tables

    def text(self):
        known = {}
        for text, branch, sequence, position, token, logprob, top in self.trace.execute(
                "SELECT text, branch, sequence, position, id, logprob, top_k FROM token"):
            known.setdefault((text, position), []).append((logprob, json.loads(top or "[]")))
        self.page.mouse.move(0, 0)  # over no token
        buttons = self.tokens.locator(".text button")
        assert buttons.count() > 0 or not known
        for place in range(buttons.count()):
            button = buttons.nth(place)
            button.focus()
            popover = self.tokens.locator(".popover")
            assert popover.is_visible()
            position = int(button.get_attribute("data-position"))
            found = [row for (text, at), rows in known.items() for row in rows
                     if at == position and (button.text_content() == text or not text.isprintable())]
            assert found, (button.text_content(), position)
            shown = popover.locator(".bar").evaluate_all("all => all.map((bar) => +bar.dataset.id)")
            assert any(shown == [each["id"] for each in top[:8]] for _, top in found), shown
            self.compared["tokens"] += 1
        if buttons.count():
            buttons.last.press("Escape")
            assert self.tokens.locator(".popover").is_hidden()


def tables(page):
    """A table stands behind each drawing."""
    rows = 0
    for details in page.locator("details.numbers").all():
        details.locator("summary").click()
        details.locator("thead th").first.wait_for()
        heads = details.locator("thead th").count()
        assert heads > 1
        for row in details.locator("tbody tr").all()[:3]:
            assert row.locator("th, td").count() == heads
        rows += details.locator("tbody tr").count()
        details.locator("summary").click()
    return rows


def looks(page):
    """Nothing is wider than the page, in the light, in the dark and on a phone."""
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.locator(".theme").click()
    assert page.evaluate(background) != before
    page.locator(".theme").click()
    for width in [360, 1200]:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width, width


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    results = {}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for path in sorted(folder.glob("*.html")):
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            page.set_default_timeout(20_000)
            problems = []
            page.on("pageerror", lambda error: problems.append(f"{path.name}: {error.stack}"))
            page.on("console", lambda message: problems.append(f"{path.name}: {message.text}"))
            page.on("dialog", lambda dialog: problems.append(f"{path.name}: {dialog.message}"))
            page.on("request", lambda request: request.url.startswith((path.as_uri(), "data:"))
                    or problems.append(f"{path.name}: asked for {request.url}"))
            page.goto(path.as_uri())
            compared = {}
            for place, name in enumerate(path.stem.split("+")):
                check = TraceCheck(page, place, folder / f"{name}.sqlite")
                for what, count in check.check().items():
                    compared[what] = compared.get(what, 0) + count
            compared["rows"] = tables(page)
            looks(page)
            note = page.locator("[data-base]")
            if note.count():
                compared["base"] = [int(count) for count in note.get_attribute("data-base").split(",")]
                compared["highest"] = int(note.get_attribute("data-peak"))
            compared["legend"] = page.locator(".run").first.locator(".legend .label").all_text_contents()
            compared["title"] = page.locator("h1").text_content()
            compared["prompt"] = page.locator("blockquote").all_text_contents()
            assert not problems, problems
            results[path.stem] = compared
            page.close()
        browser.close()
    json.dump(results, sys.stdout)


main()
