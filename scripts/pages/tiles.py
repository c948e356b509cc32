"""The pass that is shown step by step: its slider, and playing it."""


def check(trace):
    if not trace.part.locator(".player").count():
        return
    player = trace.part.locator(".player")
    title = trace.part.locator(".lead").first.inner_text()
    trace.pass_id = int(title.split()[1].rstrip(","))
    layers = trace.part.get_by_role("tablist", name="Layers").get_by_role("tab")
    names = []
    for place in sorted({0, 1, layers.count() - 1} & set(range(layers.count()))):
        layers.nth(place).focus()
        trace.page.keyboard.press("Enter")
        names += trace.part.locator("[data-op]").evaluate_all("all => all.map((tab) => tab.dataset.op)")
        scrub(trace, player)
    assert len(set(names)) == len(names)
    known = {row[0] for row in trace.rows("SELECT name FROM op WHERE pass = ?", trace.pass_id)}
    assert set(names) <= known

    # Arrow keys go from layer to layer, and Enter chooses.
    layers.first.focus()
    trace.page.keyboard.press("End")
    trace.page.keyboard.press("Enter")
    assert layers.last.get_attribute("aria-selected") == "true"
    layers.nth(min(1, layers.count() - 1)).click()
    play(trace, player)


def moment(trace, player):
    data = player.evaluate("element => ({ ...element.dataset })")
    step = trace.moment(data)
    name = trace.part.locator("[data-op][aria-selected=true]").get_attribute("data-op")
    first, last = trace.one("SELECT first_step, last_step FROM op WHERE pass = ? AND name = ?",
                            trace.pass_id, name)
    of_op = ("FROM tile WHERE (id BETWEEN ?2 AND ?3 OR id IN"
             " (SELECT tile FROM matmul WHERE step BETWEEN ?2 AND ?3))")
    alive, freed, waiting = trace.one(
        "SELECT count(*) FILTER (WHERE id <= ?1 AND (freed_step IS NULL OR freed_step > ?1)),"
        " count(*) FILTER (WHERE freed_step <= ?1), count(*) FILTER (WHERE id > ?1) " + of_op,
        step, first, last)
    if alive + freed + waiting:
        assert int(data["waiting"]) == waiting, (name, data, waiting)
    assert (int(data["alive"]), int(data["freed"])) == (alive, freed), (name, data, alive, freed)
    kind = trace.one("SELECT kind FROM event WHERE step = ?", step)[0]
    assert data["kind"] == kind
    trace.compared["tiles"] += 1
    # The slider's thumb stands below the cursor of the plot.
    apart = player.evaluate(
        """(player) => {
          const slider = player.querySelector("input"), box = slider.getBoundingClientRect();
          const share = (slider.value - slider.min) / Math.max(1, slider.max - slider.min);
          const cursor = player.querySelector(".small .cursor").getBoundingClientRect();
          return box.x + 9 + share * (box.width - 18) - cursor.x;
        }""")
    assert abs(apart) < 1.5, (step, apart)
    return step


def scrub(trace, player):
    """Every operation of the chosen layer, at several steps of it."""
    tabs = trace.part.locator("[data-op]")
    has_parts = tabs.evaluate_all("all => all.map((tab) => tab.classList.contains('matrix'))")
    for place, has in enumerate(has_parts):
        if not has and place:
            continue
        tabs.nth(place).click()
        slider = player.get_by_role("slider")
        low, high = (int(slider.get_attribute(end)) for end in ["min", "max"])
        for step in sorted({low, high, *range(low, high, max(1, (high - low) // 3))}):
            slider.fill(str(step))
            assert moment(trace, player) == step


def play(trace, player):
    slider = player.get_by_role("slider")
    low, high = (int(slider.get_attribute(end)) for end in ["min", "max"])
    slider.focus()
    slider.press("Home")
    assert moment(trace, player) == low
    slider.press("ArrowRight")
    assert moment(trace, player) == min(low + 1, high)
    handle = player.element_handle()
    if high > low + 8:
        player.get_by_role("button", name="Play").click()
        trace.page.wait_for_function(
            "([player, step]) => player.dataset.step > step", arg=[handle, low + 4])
        player.get_by_role("button", name="Pause").click()
        paused = moment(trace, player)
        assert low + 4 < paused <= high
        slider.fill(str(high - 4))
    player.get_by_role("button", name="Play").click()
    trace.page.wait_for_function(
        "([player, step]) => player.dataset.step == step", arg=[handle, high])
    moment(trace, player)
    player.get_by_role("button", name="One step back").click()
    assert moment(trace, player) == max(low, high - 1)
