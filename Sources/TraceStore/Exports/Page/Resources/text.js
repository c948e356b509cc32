// Numbers and text for a reader, and the elements that hold them.

// Bytes in binary units, as formatBytes in Swift writes them: `640 B`, `1.5 KiB`, `93.8 MiB`.
function bytes(count) {
  const sign = count < 0 ? "-" : "";
  let value = Math.abs(count);
  if (value < 1024) return `${sign}${value} B`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  value /= 1024;
  while (value >= 1023.95 && unit < units.length - 1) { value /= 1024; unit++; }
  const tenths = Math.round(value * 10);
  return `${sign}${Math.floor(tenths / 10)}${tenths % 10 ? `.${tenths % 10}` : ""} ${units[unit]}`;
}

function number(count) { return count.toLocaleString("en-US"); }

function plural(count, one, many = one + "s") { return `${number(count)} ${count === 1 ? one : many}`; }

function nanoseconds(count) {
  for (const [size, unit] of [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]]) {
    if (count >= size) return `${Math.round(count / size * 10) / 10} ${unit}`;
  }
  return `${count} ns`;
}

function percent(logprob) {
  const value = 100 * Math.exp(logprob);
  if (value > 0 && value < 0.05) return "< 0.1 %";
  return `${value.toFixed(value < 99.95 ? 1 : 0)} %`;
}

// Text from a trace as it may be shown: what has no shape of its own gets a name.
function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (mark) => {
    if (mark === "\n") return "↵";
    if (mark === "\t") return "⇥";
    const code = mark.charCodeAt(0);
    return code < 32 ? String.fromCharCode(0x2400 + code) : `⟨${code.toString(16).toUpperCase()}⟩`;
  });
}

// An element: `make("p.note", { id: "x" }, "text", child)`. Text is never read as HTML.
function make(selector, properties = {}, ...children) {
  const [name, ...classes] = selector.split(".");
  const isDrawing = ["svg", "path", "rect", "line", "text", "g"].includes(name);
  const element = isDrawing
    ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

// Text from a trace, kept apart from what stands around it, whichever way it runs.
function quoted(text) { return make("bdi", {}, visible(text)); }

// What to call a text that shows nothing.
function nameless(text) {
  return text === "" ? "part of a letter" : visible(text).trim() === "" ? "space" : null;
}

// The beginning of a long text.
function shortened(text, length) {
  const letters = Array.from(text);
  return letters.length <= length ? text : letters.slice(0, length).join("").trimEnd() + "…";
}

// A bar with what it stands for; `share` of its room is filled.
function bar(label, share, kind, value, data = {}) {
  return make("div.bar", data,
    make("span.label", {}, label),
    make("span.track", {}, make(`span.fill.${kind}`, {
      style: `width:${100 * Math.max(0, Math.min(1, share))}%`, "data-some": share > 0,
    })),
    make("span.value", {}, value));
}

// The categories that a run ever used, from the top of the stack, with bytes of each.
function legend(trace, use) {
  return make("ul.legend", {}, ...[...STACK].reverse()
    .filter((category) => trace.peaks[category] > 0)
    .map((category) => make("li", {},
      make("span.swatch", { style: `background:var(--${CATEGORIES[category]})` }),
      make("span.label", {}, LABELS[category]),
      make("span.value", {}, bytes(use[category])))));
}

// The numbers behind a drawing, made when they are asked for.
function table(summary, heads, rows) {
  const details = make("details.numbers", {}, make("summary", {}, summary));
  details.fill = () => {
    details.querySelector(".scroll")?.remove();
    const cells = (row, name) => row.map((cell, index) => {
      const isNumber = typeof cell === "number";
      const text = isNumber ? number(cell) : cell;
      const head = name === "td" && index === 0;
      return make((head ? "th" : name) + (isNumber ? ".number" : ""),
        { scope: name === "th" ? "col" : head ? "row" : null }, text ?? "");
    });
    details.append(make("div.scroll", { tabindex: 0, role: "group", "aria-label": summary },
      make("table", {}, make("caption.hidden", {}, summary),
        make("thead", {}, make("tr", {}, ...cells(heads, "th"))),
        make("tbody", {}, ...rows().map((row) => make("tr", {}, ...cells(row, "td")))))));
  };
  details.addEventListener("toggle", () => { if (details.open) details.fill(); });
  return details;
}

// Arrow keys go from one to the next of several controls, of which Tab reaches one.
function rove(container, selector) {
  container.addEventListener("keydown", (event) => {
    const items = [...container.querySelectorAll(selector)];
    const place = items.indexOf(document.activeElement.closest(selector));
    const right = getComputedStyle(container).direction === "rtl" ? -1 : 1;
    const to = {
      ArrowRight: place + right, ArrowDown: place + 1, ArrowLeft: place - right, ArrowUp: place - 1,
      Home: 0, End: items.length - 1,
    }[event.key];
    if (place < 0 || to === undefined) return;
    event.preventDefault();
    const item = items[Math.max(0, Math.min(items.length - 1, to))];
    for (const other of items) other.tabIndex = other === item ? 0 : -1;
    item.focus();
  });
}
