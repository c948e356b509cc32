// The beginning of the page: what was run, and the three figures on one scale.

// What tells two traces apart, or the name of the file.
function titles(traces) {
  const keys = ["model", "strategy", "kv_type", "tile_rows", "memory_budget", "prompt", "threads"];
  const told = keys.filter((key) => new Set(traces.map((trace) => trace.meta[key])).size > 1);
  return traces.map((trace) => {
    const words = told.map((key) => {
      const value = trace.meta[key];
      if (!value) return null;
      return { kv_type: `KV ${value}`, tile_rows: `${value} rows a tile`, threads: `${value} threads` }[key] ?? value;
    }).filter(Boolean);
    return words.slice(0, 2).join(", ") || trace.name;
  });
}

function story(trace) {
  const { tiles, dequantized, packed, temporary, wholeModel } = trace.figures;
  if (!trace.steps) return "Nothing was recorded.";
  if (!tiles) {
    return wholeModel > packed
      ? `No weight was ever dequantized in memory. As float16 the model would take ${bytes(wholeModel)}.`
      : "The model has no quantized matrix.";
  }
  const made = `${bytes(dequantized)} of weights were dequantized, ${plural(tiles, "tile")} in all.`;
  return temporary * 2 > wholeModel
    ? `${made} They stayed: ${bytes(temporary)} were alive at once.`
    : `${made} At most ${bytes(temporary)} of them were alive at once.`;
}

function settings(trace) {
  const meta = trace.meta, rows = [];
  const add = (label, value) => {
    if (value) rows.push(make("div", {}, make("dt", {}, label), make("dd", {}, value)));
  };
  const strategies = [...new Set(trace.passes.map((pass) => pass.strategy).filter(Boolean))];
  const hasTiles = strategies.length < 2 && ["tiled", "scratch"].includes(meta.strategy);
  add("Strategy", (strategies.length ? strategies.join(", ") : meta.strategy ?? "")
    + (hasTiles && meta.tile_rows ? `, ${meta.tile_rows} rows a tile` : ""));
  add("KV cache", meta.kv_type);
  add("Threads", meta.threads);
  add("Memory budget", meta.memory_budget && bytes(Number(meta.memory_budget)));
  add("Passes", trace.passes.length
    && `${number(trace.passes.length)}, in ${plural(trace.steps, "step")}`);
  add("Status", meta.status === "complete" ? "" : meta.status);
  add("Recorded", meta.recorded_at?.slice(0, 16).replace("T", " "));
  add("On", meta.host && quoted(meta.host));
  return make("dl.settings", {}, ...rows);
}

function failureNote(trace) {
  const failure = trace.failure;
  if (!failure) return null;
  return make("p.failure", { role: "note" },
    `The memory budget ended this run at step ${number(failure.step)}: `, quoted(failure.name),
    ` asked for ${bytes(failure.bytes)} where ${bytes(failure.live)} of ${bytes(failure.budget)} were alive.`);
}

// Three bars, on a scale that all traces share.
function figureBars(traces, names) {
  const scale = Math.max(1, ...traces.flatMap(({ figures }) =>
    [figures.packed, figures.temporary, figures.wholeModel]));
  const figure = (label, value, kind) =>
    bar(label, value / scale, kind, bytes(value), { "data-figure": kind, "data-bytes": value });
  const groups = traces.map((trace, index) => make("div.bars", {
    role: "img", "aria-label": `${names[index]}: packed ${bytes(trace.figures.packed)}, dequantized at most `
      + `${bytes(trace.figures.temporary)}, whole model as float16 ${bytes(trace.figures.wholeModel)}`,
  },
    traces.length > 1 ? make("h3", {}, quoted(names[index])) : null,
    figure("packed, as in the file", trace.figures.packed, "packed"),
    figure("dequantized, at most at once", trace.figures.temporary, "temporary"),
    figure("whole model as float16", trace.figures.wholeModel, "whole")));
  return make("section", { "aria-labelledby": "figures-title" },
    make("h2", { id: "figures-title" }, "Three figures, one scale"),
    ...groups,
    make("p.note", {}, "The weights of the model as they lie in its file, what of them was ever alive as "
      + "floats at one moment, and what they would be with every quantized matrix as float16."),
    table("These figures as a table", ["", ...names],
      () => [["packed, bytes", "packed"], ["dequantized at most, bytes", "temporary"],
        ["whole model as float16, bytes", "wholeModel"], ["tiles made", "tiles"],
        ["dequantized in all, bytes", "dequantized"]]
        .map(([label, key]) => [label, ...traces.map((trace) => trace.figures[key])])));
}
