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
import sys

from playwright.sync_api import sync_playwright

from browser import launch
from pages import looks, plot, text, tiles
from pages.trace import PageTrace


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    results = {}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for path in sorted(folder.glob("*.html")):
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            page.set_default_timeout(120_000)  # for a machine that is busy with others
            problems = []
            page.on("pageerror", lambda error: problems.append(f"{path.name}: {error.stack}"))
            page.on("console", lambda message: problems.append(f"{path.name}: {message.text}"))
            page.on("dialog", lambda dialog: problems.append(f"{path.name}: {dialog.message}"))
            page.on("request", lambda request: request.url.startswith((path.as_uri(), "data:"))
                    or problems.append(f"{path.name}: asked for {request.url}"))
            page.goto(path.as_uri())
            compared = dict.fromkeys(["moments", "ranges", "drawn", "tiles", "tokens"], 0)
            for place, name in enumerate(path.stem.split("+")):
                trace = PageTrace(page, place, folder / f"{name}.sqlite")
                for part in [plot, tiles, text]:
                    part.check(trace)
                for what, count in trace.compared.items():
                    compared[what] += count
            compared["rows"] = looks.tables(page)
            looks.names(page)
            looks.width(page)
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
