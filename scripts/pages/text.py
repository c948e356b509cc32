"""The tokens, each with what else was likely."""

import json


def check(trace):
    known = {}
    for text, branch, sequence, position, token, logprob, top in trace.rows(
            "SELECT text, branch, sequence, position, id, logprob, top_k FROM token"):
        known.setdefault((text, position), []).append((logprob, json.loads(top or "[]")))
    trace.page.mouse.move(0, 0)  # over no token
    buttons = trace.tokens.locator(".text .token")
    assert buttons.count() > 0 or not known
    for place in range(buttons.count()):
        button = buttons.nth(place)
        button.focus()
        popover = trace.tokens.locator(".popover")
        assert popover.is_visible()
        box = popover.bounding_box()
        assert 0 <= box["y"] and box["y"] + box["height"] <= trace.page.viewport_size["height"] + 1, box
        position = int(button.get_attribute("data-position"))
        found = [row for (text, at), rows in known.items() for row in rows
                 if at == position and (button.text_content() == text or not text.isprintable())]
        assert found, (button.text_content(), position)
        shown = popover.locator(".bar").evaluate_all("all => all.map((bar) => +bar.dataset.id)")
        assert any(shown == [each["id"] for each in top[:8]] for _, top in found), shown
        trace.compared["tokens"] += 1
    if buttons.count():
        buttons.last.press("Escape")
        assert trace.tokens.locator(".popover").is_hidden()
