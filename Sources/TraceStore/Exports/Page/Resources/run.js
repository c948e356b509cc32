// Live memory over the whole run: zoom, and what was alive at a moment.

class RunPlot {
  constructor(trace, name, redraw) {
    this.trace = trace;
    this.redraw = redraw;
    this.plot = new Plot(trace, { height: 320, label: "" });
    this.plot.svg.removeAttribute("role");
    this.plot.svg.setAttribute("aria-hidden", "true");
    this.first = 1;
    this.last = Math.max(1, trace.steps);
    this.step = trace.failure?.step ?? trace.peak?.step ?? 1;
    this.plot.notes = trace.peak
      ? [{ step: trace.peak.step, label: `peak ${bytes(sum(trace.peak.bytes))}`, kind: "peak" }] : [];
    if (trace.failure) this.plot.notes.push({ step: trace.failure.step, label: "the budget ended it", kind: "fail" });
    this.sample = null;
    this.brush = make("div.brush", { hidden: true });
    this.surface = make("div.surface", {
      tabindex: 0, role: "slider", "aria-label": `Live memory, ${name}: the step looked at`,
      "aria-valuemin": 1, "aria-valuemax": this.last, "aria-keyshortcuts": "ArrowLeft ArrowRight Plus - 0 P",
      "data-run": "",
    }, this.plot.svg, this.brush);
    this.readout = make("div.readout", { "aria-live": "off" });
    const detail = trace.detail;
    const button = (label, title, act) => make("button", {
      type: "button", title, "aria-label": /\w/.test(label) ? null : title, onclick: act,
    }, label);
    this.controls = make("div.controls", { role: "group", "aria-label": "Zoom" },
      button("−", "Zoom out (key −)", () => this.zoom(2)),
      button("+", "Zoom in (key +)", () => this.zoom(0.5)),
      button("All", "The whole run (key 0)", () => this.show(1, trace.steps)),
      trace.peak && button("Peak", "To the peak (key P)", () => this.toPeak()),
      detail && button(`Pass ${detail.pass}`, "The pass that is kept step by step",
        () => this.show(detail.first, detail.last)));
    this.element = make("div.run", {},
      ...(trace.steps ? [this.surface, this.readout, this.controls] : [make("p.note", {}, "No step was recorded.")]));
    this.listen();
  }

  // Shows a range of steps, at least eight of them.
  show(first, last) {
    const steps = Math.max(1, this.trace.steps);
    const count = Math.min(steps, Math.max(8, Math.round(last - first + 1)));
    this.sample = null;
    this.first = Math.max(1, Math.min(steps - count + 1, Math.round(first)));
    this.last = this.first + count - 1;
    this.redraw();
  }

  // Makes the range longer by a factor, about a step.
  zoom(factor, about = this.step) {
    const count = this.last - this.first + 1;
    const middle = about >= this.first && about <= this.last ? about : this.first + count / 2;
    const next = Math.max(8, count * factor);
    const first = middle - (middle - this.first) / count * next;
    this.show(first, first + next - 1);
  }

  toPeak() {
    this.step = this.trace.peak.step;
    const entry = this.trace.entry(this.step);
    const room = this.trace.isExact(this.step) ? 40 : Math.max(40, 2 * (entry.last - entry.first));
    this.show(this.step - room, this.step + room);
  }

  // Looks at a step, or at the worst one of a part of the plot.
  lookAt(step, sample = null) {
    this.step = Math.max(1, Math.min(this.trace.steps, step));
    this.sample = sample;
    if (this.step < this.first || this.step > this.last) {
      const count = this.last - this.first + 1;
      return this.show(this.step - Math.floor(count / 2), this.step - Math.floor(count / 2) + count - 1);
    }
    this.plot.showCursor(this.step);
    this.say();
  }

  // The next part of the plot: a step, where each has a pixel.
  walk(direction) {
    const { samples } = this.plot, here = this.trace.moment(this.step).step;
    let place = samples.findIndex(({ to }) => to >= this.step);
    do place += direction; while (samples[place] && direction * (samples[place].mostStep - here) <= 0);
    if (samples[place]) this.lookAt(samples[place].mostStep, samples[place]);
    else this.lookAt(direction < 0 ? this.first - 1 : this.last + 1);
  }

  walkPass(direction) {
    const passes = this.trace.passes;
    const next = direction > 0 ? passes.find((pass) => pass.first > this.step)
      : passes.findLast((pass) => pass.last < this.step);
    if (next) this.lookAt(next.first);
  }

  listen() {
    const at = (event) => this.plot.stepAt(event.clientX - this.surface.getBoundingClientRect().left);
    const keys = {
      ArrowLeft: () => this.walk(-1), ArrowRight: () => this.walk(1),
      PageUp: () => this.walkPass(-1), PageDown: () => this.walkPass(1),
      Home: () => this.lookAt(1), End: () => this.lookAt(this.trace.steps),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), ArrowUp: () => this.zoom(0.5),
      "-": () => this.zoom(2), ArrowDown: () => this.zoom(2),
      0: () => this.show(1, this.trace.steps), p: () => this.trace.peak && this.toPeak(),
    };
    this.surface.addEventListener("keydown", (event) => {
      const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
    // A page that is scrolled past stays one that scrolls: the wheel zooms once the plot is chosen.
    this.surface.addEventListener("wheel", (event) => {
      const isChosen = document.activeElement === this.surface || event.ctrlKey || event.metaKey;
      const isAlong = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!isChosen && !isAlong) return;
      event.preventDefault();
      const count = this.last - this.first + 1;
      const along = event.deltaX / 800 * count;
      if (isAlong) return this.show(this.first + along, this.last + along);
      this.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), at(event));
    }, { passive: false });
    let from = null;
    this.surface.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      from = event.clientX;
      this.surface.setPointerCapture(event.pointerId);
    });
    this.surface.addEventListener("pointermove", (event) => {
      const sample = this.plot.samples.find(({ to }) => to >= at(event));
      if (sample) this.lookAt(sample.mostStep, sample);
      if (from === null || Math.abs(event.clientX - from) < 6) return;
      const left = this.surface.getBoundingClientRect().left;
      this.brush.hidden = false;
      this.brush.style.left = `${Math.min(from, event.clientX) - left}px`;
      this.brush.style.width = `${Math.abs(event.clientX - from)}px`;
    });
    const end = (event) => {
      const start = from;
      from = null;
      this.brush.hidden = true;
      if (start === null || event.type === "pointercancel" || Math.abs(event.clientX - start) < 6) return;
      const left = this.surface.getBoundingClientRect().left;
      const ends = [start, event.clientX].map((x) => this.plot.stepAt(x - left)).sort((a, b) => a - b);
      this.show(...ends);
    };
    this.surface.addEventListener("pointerup", end);
    this.surface.addEventListener("pointercancel", end);
    this.surface.addEventListener("dblclick", () => this.show(1, this.trace.steps));
  }

  // Passes where there are several in sight, else the layers of the one, else its operations.
  chooseMarks() {
    const { trace, first, last } = this;
    const passes = trace.passes.filter((pass) => pass.last >= first && pass.first <= last);
    if (passes.length > 1 || !passes.length) {
      return passes.map((pass) => ({ step: pass.first, word: "pass ", label: `${pass.id}` }));
    }
    const changes = trace.changes(first, last).map(({ step, node }) => ({ step, node: trace.nodes[node - 1] }));
    if (last - first < 1500 && trace.hasEvery(first, last)) {
      return changes.map(({ step, node }) => ({ step, word: "", label: node.name }));
    }
    const marks = [];
    for (const { step, node } of changes) {
      const label = `${node.layer}`;
      if (node.layer !== undefined && label !== marks.at(-1)?.label) marks.push({ step, word: "layer ", label });
    }
    return marks;
  }

  read() {
    this.plot.marks = this.chooseMarks();
    this.plot.cursor = this.step;
    this.plot.read(this.first, this.last);
    Object.assign(this.surface.dataset, { first: this.first, last: this.last });
  }

  // What was alive at the moment looked at; it is the legend too.
  say() {
    const { trace } = this;
    const moment = trace.moment(this.step), use = trace.use(moment.state), pass = trace.passAt(moment.step);
    const { first, last } = this.sample ?? { first: moment.step, last: moment.step, ...moment };
    const where = [
      pass ? `pass ${pass.id}` : "outside the passes", moment.op, moment.kind,
      first === last ? null : `the most alive in steps ${number(first)} to ${number(last)}`,
    ].filter(Boolean).join(" · ");
    const place = make("p.where", {}, make("b", {}, `Step ${number(moment.step)}`), ` ${where}`);
    const total = make("p.total", {}, make("b", {}, bytes(sum(use))), ` alive in ${plural(moment.buffers, "buffer")}`);
    this.readout.replaceChildren(place, total, legend(trace, use));
    Object.assign(this.readout.dataset, {
      step: moment.step, first, last, total: sum(use), bytes: use.join(","), buffers: moment.buffers, op: moment.op ?? "",
    });
    this.surface.setAttribute("aria-valuenow", moment.step);
    this.surface.setAttribute("aria-valuetext",
      `step ${number(moment.step)}, ${where}, ${bytes(sum(use))} alive in ${plural(moment.buffers, "buffer")}`);
  }
}

function runSection(traces, names) {
  let isFromZero = traces.length > 1;
  const note = make("p.note");
  const redraw = () => {
    for (const run of drawn) run.read();
    const bases = drawn.map(({ plot }) => plot.base);
    const isSame = bases.every((base) => base.every((count, index) => count === bases[0][index]));
    const base = isFromZero || !isSame ? CATEGORIES.map(() => 0) : bases[0];
    const peak = Math.max(...drawn.map(({ plot }) => plot.highest));
    for (const run of drawn) { run.plot.draw(base, peak); run.say(); }
    const left = [[WEIGHTS, "packed weights"], [KV_CACHE, "KV cache"]]
      .filter(([category]) => base[category] > 0).map(([category, label]) => `${bytes(base[category])} of ${label}`);
    const together = Math.max(...drawn.map(({ trace }) => Math.ceil(trace.steps / trace.run.first.length)));
    zero.disabled = !isSame || !bases.some((each) => sum(each) > 0);
    zero.setAttribute("aria-pressed", String(sum(base) === 0));
    Object.assign(note.dataset, { base: base.join(","), peak });
    note.textContent = (left.length ? `Above ${left.join(" and ")}, alive throughout and not drawn. ` : "")
      + "Pale is the most and full the least that was alive in the same few steps. "
      + (together > 1 ? `Of ${number(together)} steps in a row the page keeps these two; only the pass below is kept `
        + "step by step. " : "");
    note.append(make("span.use", {}, "Drag to zoom, or choose the plot and use the wheel or + and −."));
  };
  const zero = make("button.zero", {
    type: "button", onclick: () => { isFromZero = !isFromZero; redraw(); },
  }, "From zero");
  const runs = traces.map((trace, index) => new RunPlot(trace, names[index], () => redraw()));
  const drawn = runs.filter(({ trace }) => trace.steps);
  const rows = Math.max(1, ...runs.map(({ plot }) => plot.notes.length));
  for (const { plot, surface } of runs) {
    plot.setRows(rows);
    surface.style.setProperty("--top", `${plot.top - 6}px`);
  }
  drawn[0]?.controls.append(zero);
  runs.forEach((run, index) => {
    if (traces.length > 1) run.element.prepend(make("h3", {}, quoted(names[index])));
  });
  const tables = traces.map((trace, index) => table(
    traces.length > 1 ? `${names[index]}: the passes as a table` : "The passes as a table",
    ["pass", "branch", "kind", "steps", "tokens", "most alive, bytes",
      ...STACK.map((category) => `${LABELS[category]} then, bytes`)],
    () => trace.passes.map((pass) => [
      `${pass.id}`, `${pass.branch}`, pass.kind, pass.last - pass.first + 1, pass.tokens, trace.totals[pass.peak],
      ...STACK.map((category) => trace.states[category][pass.peak])])));
  return {
    element: make("section", { id: "run-section", "aria-labelledby": "run-title" },
      make("h2", { id: "run-title" }, "Live memory over the run"),
      make("div.pair", {}, ...runs.map((run) => run.element)), note, ...tables),
    redraw: () => { if (drawn.length) redraw(); },
  };
}
