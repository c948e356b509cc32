// An operation's tiles as a grid, which lights up as they are made and freed.

// The parts of each operation's matrix: tiles, or products of rows that are multiplied where they
// lie, as `fused` and `int4-gemm` have them.
class TileIndex {
  constructor(trace) {
    this.trace = trace;
    const { detail } = trace;
    this.byMade = new Map(detail.tiles.made.map((made, tile) => [made, tile]));
    this.cache = new Map();
  }

  madeIn(first, last) {
    return this.trace.detail.tiles.made.filter((made) => made >= first && made <= last).length;
  }

  // What an operation works on, in the order of its steps: `tile` is a place in the columns of
  // tiles, `step` the step of the product.
  parts(op) {
    if (this.cache.has(op)) return this.cache.get(op);
    const { ops, tiles, products } = this.trace.detail, found = [], seen = new Set();
    const first = ops.first[op], last = first + ops.more[op];
    for (let place = lastAtMost(products.step, first - 1) + 1; products.step[place] <= last; place++) {
      const tile = products.tile[place] ? this.byMade.get(products.tile[place]) : undefined;
      if (tile !== undefined && seen.has(tile)) continue;
      seen.add(tile);
      found.push({
        tile, step: products.step[place], tensor: products.tensor[place], row: products.row[place],
        rows: products.rows[place],
      });
    }
    // A tile that no product came to read: a pass that was given up.
    for (let tile = lastAtMost(tiles.made, first - 1) + 1; tiles.made[tile] <= last; tile++) {
      if (seen.has(tile)) continue;
      found.push({ tile, tensor: tiles.tensor[tile], row: tiles.row[tile], rows: tiles.rows[tile] });
    }
    this.cache.set(op, found);
    return found;
  }

  word(op) { return this.parts(op).some(({ tile }) => tile !== undefined) ? "tile" : "product"; }

  // How a part is after a step: waiting, alive, used (read by a product at this very step), freed.
  state(part, step) {
    const { tiles } = this.trace.detail;
    if (part.tile === undefined) return step < part.step ? "waiting" : step === part.step ? "direct" : "done";
    const made = tiles.made[part.tile], freed = tiles.freed[part.tile];
    if (step < made) return "waiting";
    if (freed && step >= freed) return "freed";
    return part.step === step ? "used" : "alive";
  }
}

const CELLS = 1024;

class TilePlayer {
  constructor(trace, index, op, name) {
    Object.assign(this, { trace, index, op, name });
    const { detail } = trace, { ops, tiles } = detail;
    this.parts = detail.isTooLong ? [] : index.parts(op);
    this.together = Math.max(1, Math.ceil(this.parts.length / CELLS));
    const first = ops.first[op], last = first + ops.more[op];
    const made = this.parts.map(({ tile }) => tiles.made[tile]).filter((step) => step >= detail.first);
    const freed = this.parts.map(({ tile }) => tiles.freed[tile]).filter((step) => step <= detail.last);
    this.first = smallest(made, first);
    this.last = greatest(freed, last);
    const middle = this.parts[Math.floor(this.parts.length * 0.4)];
    this.step = middle?.step ?? first;
    this.element = make("div.player", {}, this.describe(), ...(detail.isTooLong ? [] : this.build()));
  }

  describe() {
    const { trace, trace: { detail: { ops } }, op } = this, node = trace.nodes[ops.node[op] - 1];
    const tensor = trace.tensors[node?.tensor ?? this.parts[0]?.tensor];
    const shape = `${number(ops.rows[op])} × ${number(ops.cols[op])}`;
    const lead = make("p.lead", {},
      make("b", {}, quoted(node?.name ?? "")), ` (${node?.kind ?? ""}) gives ${shape} values`);
    if (tensor) {
      const matrix = `${number(tensor.rows)} × ${number(tensor.cols)} ${tensor.type.toLowerCase()}`;
      lead.append(" from ", quoted(tensor.name), `, ${matrix}`);
    }
    lead.append(". ", this.describeTiles(node));
    return lead;
  }

  describeTiles(node) {
    const { detail } = this.trace, count = this.parts.length;
    if (detail.isTooLong) {
      return "This pass has too many steps for them to be in the page; larger tiles make fewer.";
    }
    if (!count) {
      return node?.tensor === undefined ? "It reads no matrix, so it needs no tile."
        : "It looks up rows, each of which becomes floats as it is read: no tile.";
    }
    if (this.index.word(this.op) === "product") {
      return "No tile is made: the packed rows are multiplied where they lie.";
    }
    const largest = greatest(this.parts.map(({ tile }) => detail.tiles.bytes[tile] ?? 0), 0);
    return `${plural(count, "tile")} of at most ${bytes(largest)}.`;
  }

  build() {
    this.grid = make("svg.tiles", { role: "img" });
    this.cells = [];
    this.caption = make("p.where", { "aria-live": "off" });
    this.slider = make("input", {
      type: "range", min: this.first, max: this.last, step: 1, "aria-label": `Step, ${this.name}`,
      oninput: () => { this.stop(); this.lookAt(Number(this.slider.value)); },
    });
    this.slider.value = this.step;
    // The thumb lies below the plot's cursor at every step, however wide the page is.
    const thumb = 18, step = `(100% - ${MARGIN.left + MARGIN.right}px) / ${this.last - this.first + 1}`;
    Object.assign(this.slider.style, {
      marginLeft: `calc(${MARGIN.left - thumb / 2}px + ${step} / 2)`,
      width: `calc(100% - ${MARGIN.left + MARGIN.right - thumb}px - ${step})`,
    });
    this.button = make("button.play", {
      type: "button", onclick: () => { if (this.isPlaying) this.stop(); else this.play(); },
    }, "Play");
    const by = (count, label, title) => make("button", {
      type: "button", title, "aria-label": title, onclick: () => { this.stop(); this.lookAt(this.step + count); },
    }, label);
    this.live = make("div.live");
    this.plot = new Plot(this.trace, { height: 150, label: "Live memory during the operation" });
    this.plot.svg.setAttribute("aria-hidden", "true");
    this.buffers = table("Buffers alive at this step", ["buffer", "category", "bytes", "since step"],
      () => this.trace.buffersAt(this.step).map((buffer) =>
        [quoted(buffer.name), LABELS[buffer.category], buffer.bytes, buffer.made]));
    const word = this.index.word(this.op);
    const rows = () => this.parts.map(({ tile, step, tensor, row, rows }) => {
      const { tiles } = this.trace.detail, at = (column) => tile === undefined ? "" : column[tile] || "";
      return [`${row} to ${row + rows - 1}`, this.trace.tensors[tensor]?.name ?? "", at(tiles.packed), at(tiles.bytes),
        at(tiles.made), step ?? "", at(tiles.freed)];
    });
    return [
      make("div.stage", {},
        make("div.gridbox", {}, this.grid, this.parts.length ? this.key() : null),
        this.live),
      make("div.scrub", { role: "group", "aria-label": "Step" },
        this.button, by(-1, "‹", "One step back"), by(1, "›", "One step on"), this.caption),
      make("div.small", {}, this.plot.svg, this.slider), this.buffers,
      this.parts.length ? table(
        word === "tile" ? "Tiles of this operation as a table" : "Products of this operation as a table",
        ["rows", "tensor", "packed bytes", "dequantized bytes", "made at step", "multiplied at step",
          "freed at step"], rows) : "",
    ];
  }

  key() {
    const words = this.index.word(this.op) === "tile"
      ? [["waiting", "not made yet"], ["alive", "alive"], ["used", "being multiplied"], ["freed", "freed"]]
      : [["waiting", "not yet"], ["direct", "being multiplied"], ["done", "done"]];
    return make("ul.key", { "aria-hidden": "true" }, ...words.map(([state, text]) =>
      make("li", {}, make(`span.cell.${state}`), text)));
  }

  // Draws what needs the width of the page.
  start() {
    if (!this.grid) return;
    this.layOut();
    this.plot.read(this.first, this.last);
    this.plot.draw(this.plot.base, this.plot.highest);
    this.lookAt(this.step);
  }

  layOut() {
    const count = Math.ceil(this.parts.length / this.together);
    if (!count) { this.grid.style.display = "none"; return; }
    const width = this.grid.parentElement.clientWidth || 500, gap = count > 300 ? 2 : 4;
    const size = Math.max(6, Math.min(56, Math.floor(Math.sqrt(width * 240 / count)) - gap));
    const across = Math.max(1, Math.min(count, Math.floor((width + gap) / (size + gap))));
    const height = Math.ceil(count / across) * (size + gap) - gap;
    this.grid.setAttribute("viewBox", `-2 -2 ${across * (size + gap) - gap + 4} ${height + 4}`);
    this.grid.style.width = `${across * (size + gap) - gap + 4}px`;
    this.cells = Array.from({ length: count }, (_, cell) => {
      const { tensor, row, rows } = this.parts[cell * this.together];
      const last = this.parts[Math.min(this.parts.length, (cell + 1) * this.together) - 1];
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      const name = this.trace.tensors[tensor]?.name ?? "";
      title.textContent = `${name} rows ${number(row)} to ${number(last.row + last.rows - 1)}`;
      const rect = make("rect.cell", {
        x: cell % across * (size + gap), y: Math.floor(cell / across) * (size + gap),
        width: size, height: size, rx: Math.min(4, size / 5),
      });
      rect.append(title);
      return rect;
    });
    this.grid.replaceChildren(...this.cells);
  }

  lookAt(step) {
    this.step = Math.max(this.first, Math.min(this.last, step));
    const { trace } = this, counts = {};
    const rank = ["used", "direct", "alive", "freed", "done", "waiting"];
    this.cells.forEach((cell, index) => {
      const states = this.parts.slice(index * this.together, (index + 1) * this.together)
        .map((part) => this.index.state(part, this.step));
      for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
      const shown = rank.find((state) => states.includes(state));
      if (cell.dataset.state !== shown) {
        cell.dataset.state = shown;
        cell.setAttribute("class", `cell ${shown}`);
      }
    });
    this.slider.value = this.step;
    this.plot.showCursor(this.step);
    const state = trace.stateAt(this.step), use = trace.use(state);
    this.showLive(use);
    const kind = KINDS[trace.kindAt(this.step)], place = `Step ${number(this.step)}: ${kind}`;
    const name = trace.opName(this.step);
    this.caption.replaceChildren(make("b", {}, place), name ? " in " : " between operations", name ? quoted(name) : "",
      `, ${bytes(sum(use))} alive in ${plural(trace.detail.alive[this.step - trace.detail.first], "buffer")}`);
    this.slider.setAttribute("aria-valuetext", this.caption.textContent);
    const shown = Object.entries(counts).map(([state, count]) => `${number(count)} ${state}`).join(", ");
    this.grid.setAttribute("aria-label", `${plural(this.parts.length, this.index.word(this.op))}: ${shown}`);
    Object.assign(this.element.dataset, {
      step: this.step, kind, total: sum(use), bytes: use.join(","),
      alive: (counts.alive ?? 0) + (counts.used ?? 0), freed: counts.freed ?? 0, waiting: counts.waiting ?? 0,
      buffers: trace.detail.alive[this.step - trace.detail.first],
    });
    if (this.buffers.open) this.buffers.fill();
  }

  // The bytes alive now, and of this matrix beside what it would be as float16.
  showLive(use) {
    const { trace } = this, { tiles } = trace.detail;
    const tensors = [...new Set(this.parts.map(({ tensor }) => trace.tensors[tensor]))];
    const matrix = sum(tensors.map((tensor) => 2 * tensor.rows * tensor.cols));
    const isAlive = (part) => ["alive", "used"].includes(this.index.state(part, this.step));
    const own = sum(this.parts.filter(isAlive).map(({ tile }) => tiles.bytes[tile]));
    const scale = Math.max(matrix, own, 1);
    this.live.replaceChildren(
      make("p.total", {}, make("b", {}, bytes(sum(use))), " alive"),
      legend(trace, use),
      this.parts.length ? make("div.bars", {},
        bar("this matrix, alive as floats", own / scale, "temporary", bytes(own)),
        bar("all of it as float16", matrix / scale, "whole", bytes(matrix))) : "");
  }

  play() {
    if (this.step >= this.last) this.lookAt(this.first);
    this.isPlaying = true;
    this.button.textContent = "Pause";
    const steps = this.last - this.first, pace = Math.max(8, steps / 12);  // a second
    let begun, from = this.step;
    const frame = (now) => {
      if (!this.isPlaying) return;
      begun ??= now;
      const step = Math.min(this.last, from + Math.floor((now - begun) / 1000 * pace));
      if (step !== this.step) this.lookAt(step);
      if (step >= this.last) return this.stop();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  stop() {
    this.isPlaying = false;
    if (this.button) this.button.textContent = "Play";
  }
}
