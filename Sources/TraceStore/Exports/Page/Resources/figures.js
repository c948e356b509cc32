// The beginning of the page: what was run, and the three figures on one scale.

// What tells two traces apart: words for it, or the names of the files.
function titles(traces) {
  const words = {
    model: (value) => value, strategy: (value) => value, kv_type: (value) => value && `KV ${value}`,
    tile_rows: (value) => value && `${value} rows a tile`,
    memory_budget: (value) => value ? `budget ${bytes(Number(value))}` : "no budget",
    sequences: (value) => value && plural(Number(value), "sequence"),
    threads: (value) => value && plural(Number(value), "thread"),
    prompt: (value) => value && `“${shortened(value, 40)}”`,
  };
  const told = Object.keys(words).filter((key) => new Set(traces.map(({ meta }) => meta[key])).size > 1);
  const names = traces.map(({ meta }) => told.map((key) => words[key](meta[key])).filter(Boolean).slice(0, 2).join(", "));
  const areApart = names.every(Boolean) && new Set(names).size === names.length;
  return areApart ? names : traces.map(({ name }) => name);
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
  return make("dl.settings", {}, ...trace.settings.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, quoted(value)))));
}

function failureNote(trace) {
  const failure = trace.failure;
  if (!failure) return null;
  return make("p.failure", { role: "note" },
    `The memory budget ended this run at step ${number(failure.step)}: `, quoted(failure.name),
    ` ${failure.shortfall}.`);
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
