// One pass as a strip of layers, the operations of the layer that is chosen, and under them the
// operation that is chosen.

class PassView {
  static count = 0;

  constructor(trace, name) {
    this.trace = trace;
    this.name = name;
    const ops = trace.detail.ops;
    // Runs of operations of one layer; outside the layers a name says where.
    this.layers = [];
    ops.first.forEach((first, op) => {
      const layer = trace.nodes[ops.node[op] - 1]?.layer, last = this.layers.at(-1);
      if (last && last.layer === layer) last.ops.push(op);
      else this.layers.push({ layer, ops: [op] });
    });
    this.layers.forEach((layer, index) => {
      layer.label = layer.layer === undefined ? (index === 0 ? "in" : "out") : `${layer.layer}`;
      layer.title = layer.layer === undefined
        ? (index === 0 ? "before the layers" : "after the layers") : `layer ${layer.layer}`;
    });
    this.tilesOf = new TileIndex(trace);
    this.strip = make("div.layers", { role: "tablist", "aria-label": "Layers" });
    this.ops = make("div.ops", { role: "tablist", "aria-label": "Operations" });
    this.panel = make("div.op", { role: "tabpanel", id: `op-${PassView.count}` });
    this.opsPanel = make("div", { role: "tabpanel", id: `ops-${PassView.count++}` }, this.ops, this.panel);
    rove(this.strip, "button");
    rove(this.ops, "button");
    this.element = make("div.passview", {}, ...this.heading(), this.strip, this.opsPanel, this.table());
    this.fillStrip();
    const layer = this.layers.find(({ layer }) => layer !== undefined) ?? this.layers[0];
    if (layer) this.chooseLayer(layer);
  }

  heading() {
    const { trace, trace: { detail } } = this, pass = trace.passes.find(({ id }) => id === detail.pass);
    const tokens = trace.tokens.filter((token) => token.pass === pass.id);
    const text = tokens.slice(0, 12).map((token) => token.text).join("") + (tokens.length > 12 ? "…" : "");
    return [make("p.lead", {}, `Pass ${pass.id}, ${pass.kind}`,
      ...(tokens.length ? [" of ", make("q", {}, quoted(text))] : []),
      `: ${plural(detail.ops.first.length, "operation")}, ${plural(detail.last - detail.first + 1, "step")}`
        + (detail.isTooLong ? "" : `, ${plural(this.tilesOf.madeIn(detail.first, detail.last), "tile")}`)
        + (pass.duration === undefined ? "" : ` in ${nanoseconds(pass.duration)}`)
        + (pass.finished ? "." : "; it was given up."))];
  }

  fillStrip() {
    const { ops } = this.trace.detail;
    for (const layer of this.layers) {
      const first = layer.ops[0], last = layer.ops.at(-1);
      layer.first = ops.first[first];
      layer.last = ops.first[last] + ops.more[last];
      layer.tab = make("button", {
        type: "button", role: "tab", tabindex: -1, style: `flex-grow:${layer.last - layer.first + 1}`,
        title: `${layer.title}, ${plural(layer.ops.length, "operation")}`, "aria-label": layer.title,
        "aria-controls": this.opsPanel.id,
        onclick: () => this.chooseLayer(layer),
      }, make("span", {}, layer.label));
      this.strip.append(layer.tab);
    }
  }

  chooseLayer(layer) {
    for (const other of this.layers) {
      other.tab.setAttribute("aria-selected", String(other === layer));
      other.tab.tabIndex = other === layer ? 0 : -1;
    }
    this.opsPanel.setAttribute("aria-label", layer.title);
    const { detail, nodes } = this.trace;
    this.tabs = layer.ops.map((op) => {
      const node = nodes[detail.ops.node[op] - 1], parts = this.tilesOf.parts(op).length;
      const name = node?.name ?? `operation ${op + 1}`;
      return make("button", {
        type: "button", role: "tab", tabindex: -1, "data-op": name,
        class: parts ? "matrix" : null, style: `--steps:${Math.log2(2 + detail.ops.more[op])}`,
        "aria-label": parts ? `${name}, ${plural(parts, this.tilesOf.word(op))}` : name,
        "aria-controls": this.panel.id,
        onclick: (event) => this.chooseOp(op, event.currentTarget),
      }, make("bdi", {}, name), parts ? make("small", {}, number(parts)) : null);
    });
    this.ops.replaceChildren(...this.tabs);
    const counts = layer.ops.map((op) => this.tilesOf.parts(op).length);
    const place = counts.indexOf(Math.max(...counts));
    this.chooseOp(layer.ops[place], this.tabs[place]);
  }

  chooseOp(op, tab) {
    for (const other of this.tabs) {
      other.setAttribute("aria-selected", String(other === tab));
      other.tabIndex = other === tab ? 0 : -1;
    }
    this.player?.stop();
    this.player = new TilePlayer(this.trace, this.tilesOf, op, this.name);
    this.panel.setAttribute("aria-label", tab.dataset.op);
    this.panel.replaceChildren(this.player.element);
    this.player.start();
  }

  table() {
    const { detail, nodes } = this.trace, { ops } = detail;
    return table(`Operations of pass ${detail.pass} as a table`,
      ["operation", "layer", "kind", "first step", "steps", "rows", "columns", "tiles or products", "most alive, bytes", "time, ns"],
      () => ops.first.map((first, op) => {
        const node = nodes[ops.node[op] - 1] ?? { name: "", kind: "" };
        return [node.name, node.layer === undefined ? "" : `${node.layer}`, node.kind, first, ops.more[op] + 1,
          ops.rows[op], ops.cols[op], this.tilesOf.parts(op).length, this.trace.totals[ops.peak[op]],
          ops.duration[op] ? ops.duration[op] - 1 : ""];
      }));
  }
}

function passSection(traces, names) {
  const views = traces.map((trace, index) => trace.detail && trace.detail.ops.first.length
    ? new PassView(trace, names[index]) : null);
  return {
    element: make("section", { "aria-labelledby": "pass-title" },
      make("h2", { id: "pass-title" }, "One pass, step by step"),
      ...views.map((view, index) => make("div.passpart", {},
        traces.length > 1 ? make("h3", {}, quoted(names[index])) : null,
        view?.element ?? make("p.note", {}, "No pass with an operation was recorded.")))),
    views,
  };
}
