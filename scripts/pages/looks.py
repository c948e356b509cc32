"""What holds for the page as a whole: its tables, its names for a screen reader, its width."""

import re


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


def width(page):
    """Nothing is wider than the page, in the light, in the dark and on a phone."""
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.locator(".theme").click()
    assert page.evaluate(background) != before
    page.locator(".theme").click()
    for width in [360, 1200]:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width, width


def names(page):
    """Every control has a name, and every tab the panel that it changes."""
    tree = page.locator("body").aria_snapshot()
    roles = "button|slider|tab|tablist|tabpanel|combobox|toolbar|group|region|table|img"
    unnamed = [line for line in tree.splitlines()
               if re.fullmatch(rf"\s*- ({roles})( \[[^]]*\])*:?", line)]
    assert not unnamed, unnamed
    assert page.locator("[role=tab]").evaluate_all(
        """all => all.every((tab) => {
          const panel = document.getElementById(tab.getAttribute("aria-controls"));
          return panel?.getAttribute("role") === "tabpanel" && panel.getAttribute("aria-label");
        })""")
