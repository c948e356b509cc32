"""The three figures and the plot of the run: walked and zoomed with keys, wheel, pointer and buttons,
and what it draws measured."""

from stairs import heights


def check(trace):
    figures(trace)
    if trace.steps:
        drawn(trace)
        walk(trace)
        if trace.steps > 8:  # of fewer all are always shown
            zoom(trace)
            drawn(trace)


def look(trace):
    """The moment that the plot tells of: of several steps, the one with most alive."""
    data = trace.readout.evaluate("element => ({ ...element.dataset })")
    step = trace.moment(data)
    most = trace.one("SELECT max(total) FROM memory_timeline WHERE step BETWEEN ? AND ?",
                     data["first"], data["last"])[0]
    assert int(data["total"]) == most, (data, most)
    name = trace.one("SELECT op_name FROM memory_timeline WHERE step = ?", step)[0]
    assert data["op"] == (name or ""), (data, name)
    assert trace.surface.get_attribute("aria-valuenow") == str(step)
    assert f"step {step:,}" in trace.surface.get_attribute("aria-valuetext")
    return step


def figures(trace):
    bars = trace.page.locator(".bars").nth(trace.place).locator("[data-figure]")
    values = {bar["figure"]: int(bar["bytes"]) for bar in bars.evaluate_all(
        "all => all.map((bar) => ({ ...bar.dataset }))")}
    whole = "CASE WHEN upper(type) IN ('F32', 'F16', 'BF16') THEN bytes ELSE 2 * rows * cols END"
    assert values == {
        "packed": trace.one("SELECT coalesce(sum(bytes), 0) FROM tensor")[0],
        "whole": trace.one(f"SELECT coalesce(sum({whole}), 0) FROM tensor")[0],
        "temporary": trace.one("SELECT coalesce(max(weights_dequantized), 0) FROM event")[0],
    }, values


def shown(trace):
    data = trace.surface.evaluate("element => ({ ...element.dataset })")
    trace.compared["ranges"] += 1
    first, last = int(data["first"]), int(data["last"])
    assert 1 <= first <= last <= trace.steps, data
    return first, last


def walk(trace):
    assert shown(trace) == (1, trace.steps)
    trace.surface.focus()
    trace.surface.press("Home")
    assert look(trace) >= 1
    last = 0
    for _ in range(15):
        trace.surface.press("ArrowRight")
        step = look(trace)
        assert step > last or step == trace.steps, (step, last)
        last = step
    trace.surface.press("End")
    end = look(trace)
    trace.surface.press("ArrowLeft")
    assert look(trace) < end
    trace.surface.press("Home")
    for _ in trace.rows("SELECT id FROM pass"):
        trace.surface.press("PageDown")
        look(trace)


def zoom(trace):
    surface = trace.surface
    surface.press("p")
    peak = trace.one("SELECT step, bytes FROM peak_by_category WHERE category = 'total'")
    assert look(trace) == peak[0]
    assert int(trace.readout.get_attribute("data-total")) == peak[1]
    first, last = shown(trace)
    assert first <= peak[0] <= last
    surface.press("0")
    assert shown(trace) == (1, trace.steps)

    surface.press("+")
    count = shown(trace)[1] - shown(trace)[0] + 1
    assert abs(count - max(8, trace.steps / 2)) <= 1, count
    surface.press("-")
    assert shown(trace) == (1, trace.steps)
    trace.controls.get_by_text("+", exact=True).click()
    assert shown(trace)[1] - shown(trace)[0] + 1 == count
    trace.controls.get_by_text("All", exact=True).click()
    assert shown(trace) == (1, trace.steps)

    # The wheel zooms about the pointer once the plot is chosen, and leaves the page alone.
    surface.focus()
    box = surface.bounding_box()
    x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2
    trace.page.mouse.move(x, y)
    under = look(trace)
    trace.page.mouse.wheel(0, -300)
    trace.page.wait_for_function(
        "([plot, steps]) => plot.dataset.last - plot.dataset.first + 1 < steps",
        arg=[surface.element_handle(), trace.steps])
    first, last = shown(trace)
    assert first <= under <= last, (first, under, last)
    look(trace)
    surface.dblclick()
    assert shown(trace) == (1, trace.steps)

    # What is dragged over is what is shown.
    trace.page.mouse.move(x, y)
    trace.page.mouse.down()
    trace.page.mouse.move(x + box["width"] * 0.2, y, steps=4)
    trace.page.mouse.up()
    count = shown(trace)[1] - shown(trace)[0] + 1
    expected = 0.2 * box["width"] / (box["width"] - 88) * trace.steps
    assert abs(count - expected) <= max(8, 0.02 * trace.steps), (count, expected)
    surface.press("0")


def drawn(trace):
    """The upper edges of what is drawn as the most and as the least: as high as the trace has them."""
    first, last = shown(trace)
    if trace.steps > 1 << 14:  # not kept step by step
        return
    totals = [row[0] for row in trace.rows(
        "SELECT total FROM memory_timeline WHERE step BETWEEN ? AND ? ORDER BY step", first, last)]
    width = trace.surface.locator("svg").evaluate("svg => svg.viewBox.baseVal.width") - 88
    parts = min(int(width), len(totals))
    edges = [-(-part * len(totals) // parts) for part in range(parts + 1)]
    middles = [76 + (begin + end) / 2 / len(totals) * width for begin, end in zip(edges, edges[1:])]
    for which, extreme in [("most", max), ("least", min)]:
        paths = trace.surface.locator(f"g.{which} path").evaluate_all(
            "all => all.map((path) => path.getAttribute('d'))")
        found = heights(paths, middles)
        expected = [extreme(totals[begin:end]) for begin, end in zip(edges, edges[1:])]
        # Bytes and pixels are in proportion, whatever the axis.
        low, high = min(expected), max(expected)
        top, bottom = (found[expected.index(each)] for each in [high, low])
        for y, total in zip(found, expected):
            share = (total - low) / max(high - low, 1)
            assert abs(y - (bottom + (top - bottom) * share)) < 0.3, (which, y, total, top, bottom)
        assert (top < bottom) == (low < high), (top, bottom, low, high)
    trace.compared["drawn"] += parts
