// Live memory over steps, stacked by category. Where several steps share a pixel, the pale part is
// the moment at which most of them was alive, the full part the one at which least was.

// What lies below the axis, as alwaysThere(peaks:) in Swift has it: packed weights that do not
// change, and the part of the KV cache that is always there where it is four times what moves.
function baseline(trace, samples) {
  const base = CATEGORIES.map(() => 0);
  const states = samples.flatMap(({ most, least }) => [most, least]);
  const weights = trace.states[WEIGHTS], cache = trace.states[KV_CACHE];
  const highest = Math.max(...samples.map(({ most }) => trace.totals[most]));
  if (states.every((state) => weights[state] === weights[states[0]]) && highest > weights[states[0]]) {
    base[WEIGHTS] = weights[states[0]];
  }
  const always = Math.min(...states.map((state) => cache[state]));
  if (always > 4 * (highest - base[WEIGHTS] - always)) base[KV_CACHE] = always;
  return base;
}

// Round ticks in binary units: the power of two that gives at most six of them.
function ticks(peak) {
  let tick = 1;
  while (Math.ceil(peak / tick) > 6) tick *= 2;
  return { tick, top: Math.max(1, Math.ceil(peak / tick)) * tick };
}

const MARGIN = { left: 76, right: 12, bottom: 30 }, ROW = 15;

class Plot {
  // `height` in pixels, with one row of notes above the plot.
  constructor(trace, { height, label }) {
    this.trace = trace;
    this.height = height;
    this.svg = make("svg.plot", { role: "img", "aria-label": label, height });
    this.width = 0;
    this.marks = [];
    this.notes = [];
    this.top = 22;
  }

  // Makes room above the plot for notes one over another.
  setRows(count) {
    this.height += (count - 1) * ROW;
    this.top += (count - 1) * ROW;
    this.svg.setAttribute("height", this.height);
  }

  inner() {
    return {
      width: Math.max(40, this.width - MARGIN.left - MARGIN.right),
      height: this.height - this.top - MARGIN.bottom,
    };
  }

  x(step) {
    return MARGIN.left + (step - this.first) / (this.last - this.first + 1) * this.inner().width;
  }

  stepAt(x) {
    const across = (x - MARGIN.left) / this.inner().width;
    const step = this.first + Math.floor(across * (this.last - this.first + 1));
    return Math.max(this.first, Math.min(this.last, step));
  }

  // Reads what a range of steps holds, before it is drawn on a scale.
  read(first, last) {
    this.first = first;
    this.last = last;
    this.width = this.svg.clientWidth || this.svg.parentElement?.clientWidth || 800;
    this.samples = this.trace.samples(first, last, Math.floor(this.inner().width));
    this.highest = Math.max(0, ...this.samples.map(({ most }) => this.trace.totals[most]));
    this.base = this.samples.length ? baseline(this.trace, this.samples) : CATEGORIES.map(() => 0);
  }

  // Draws what was read, above `base` and up to `top` bytes over it.
  draw(base, peak) {
    const { tick, top } = ticks(Math.max(1, peak - sum(base)));
    const { height, width } = this.inner();
    const y = (count) => this.top + height - Math.min(1, count / top) * height;
    this.y = y;
    this.shownBase = base;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    const axis = make("g.axis");
    for (let count = 0; count <= top; count += tick) {
      const line = y(count);
      const label = count || !sum(base) ? (sum(base) ? "+" : "") + bytes(count) : bytes(sum(base));
      axis.append(
        make("line", { x1: MARGIN.left, x2: MARGIN.left + width, y1: line, y2: line }),
        make("text", { x: MARGIN.left - 8, y: line + 4, "text-anchor": "end" }, label));
    }
    this.svg.replaceChildren(
      axis, this.bands("most", base, y), this.bands("least", base, y), this.drawMarks(), this.drawNotes(),
      this.cursorLine = make("line.cursor", { y1: this.top - 6, y2: this.top + height }));
    this.showCursor(this.cursor);
  }

  bands(which, base, y) {
    const group = make(`g.${which}`), n = this.samples.length;
    let under = new Float64Array(n);
    for (const category of STACK) {
      const over = under.map((bytes, index) =>
        bytes + this.trace.states[category][this.samples[index][which]] - base[category]);
      if (over.some((bytes, index) => bytes > under[index])) {
        group.append(make("path", { d: this.outline(under, over, y), fill: `var(--${CATEGORIES[category]})` }));
      }
      under = over;
    }
    return group;
  }

  // The area between two lines of steps.
  outline(under, over, y) {
    const edge = (values) => {
      let text = "", last;
      for (let index = 0; index < values.length; index++) {
        const value = y(values[index]).toFixed(1);
        if (value === last) continue;
        const x = this.x(this.samples[index].from).toFixed(1);
        text += last === undefined ? `${x} ${value}` : `H${x}V${value}`;
        last = value;
      }
      return text + `H${this.x(this.last + 1).toFixed(1)}`;
    };
    // The lower edge is walked back: cut into points first.
    const points = [];
    let last;
    for (let index = 0; index < under.length; index++) {
      const value = y(under[index]).toFixed(1);
      if (value !== last) points.push([this.x(this.samples[index].from).toFixed(1), value]);
      last = value;
    }
    let back = "";
    for (let index = points.length - 1; index >= 0; index--) back += `V${points[index][1]}H${points[index][0]}`;
    return `M${edge(over)}${back}Z`;
  }

  // Places on the x axis, with labels where there is room for them: what began before the range at
  // its left, and the first with the word for what they are.
  drawMarks() {
    const group = make("g.marks"), bottom = this.height - MARGIN.bottom;
    const inside = this.marks.filter(({ step }) => step >= this.first && step <= this.last);
    const before = this.marks.findLast(({ step }) => step < this.first);
    const widthOf = (label) => 7 * label.length + 10;
    // Where both have room.
    if (before && this.x(inside[0]?.step ?? this.last) > MARGIN.left + widthOf(before.word + before.label)) {
      inside.unshift({ ...before, step: this.first, isBefore: true });
    }
    let free = -Infinity;
    for (const mark of inside) {
      const x = this.x(mark.step);
      if (!mark.isBefore) group.append(make("line", { x1: x, x2: x, y1: bottom, y2: bottom + 5 }));
      const label = (free < 0 ? mark.word : "") + mark.label, width = widthOf(label);
      if (x < free || x + width > this.width) continue;
      group.append(make("text", { x, y: bottom + 20 }, label));
      free = x + width;
    }
    return group;
  }

  // Moments that are marked in the plot: the peak, a failure.
  drawNotes() {
    const group = make("g.notes");
    this.notes.forEach(({ step, label, kind }, row) => {
      if (step < this.first || step > this.last) return;
      const x = (this.x(step) + this.x(step + 1)) / 2, isLate = x > MARGIN.left + this.inner().width / 2;
      const y = this.top - 8 - row * ROW;
      group.append(
        make(`line.${kind}`, { x1: x, x2: x, y1: y - 10, y2: this.height - MARGIN.bottom }),
        make(`text.${kind}`, { x: isLate ? x - 6 : x + 6, y, "text-anchor": isLate ? "end" : "start" }, label));
    });
    return group;
  }

  showCursor(step) {
    this.cursor = step;
    if (!this.cursorLine) return;
    const isShown = step !== undefined && step >= this.first && step <= this.last;
    this.cursorLine.style.display = isShown ? "" : "none";
    if (!isShown) return;
    const x = (this.x(step) + this.x(step + 1)) / 2;
    this.cursorLine.setAttribute("x1", x);
    this.cursorLine.setAttribute("x2", x);
  }
}
