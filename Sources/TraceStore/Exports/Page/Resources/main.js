// Puts the page together.

function themeButton() {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const button = make("button.theme", {
    type: "button",
    onclick: () => { root.dataset.theme = isDark() ? "light" : "dark"; say(); },
  });
  const say = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  dark.addEventListener("change", say);
  say();
  return button;
}

function start() {
  const traces = DATA.traces.map((json) => new Trace(json));
  const names = titles(traces);
  const models = [...new Set(traces.map((trace) => trace.meta.model ?? trace.name))];
  const run = runSection(traces, names), pass = passSection(traces, names);
  // Several sequences have a line each, where they have a prompt each.
  const prompts = [...new Set(traces.flatMap(({ meta }) => {
    const lines = (meta.prompt ?? "").split("\n");
    return lines.length === Number(meta.sequences) ? lines : [meta.prompt];
  }).filter(Boolean))];
  document.getElementById("page").append(
    make("header", {},
      make("p.masthead", {}, make("b", {}, "nibble"), " a recorded run", themeButton()),
      make("h1", {}, ...models.flatMap((model, index) => [index ? " and " : "", quoted(model)])),
      ...prompts.slice(0, 4).map((prompt) => make("blockquote", {}, quoted(shortened(prompt, 240)))),
      ...traces.map((trace, index) => make("p.story", {},
        traces.length > 1 ? make("b", {}, quoted(names[index]), ". ") : null, story(trace))),
      ...traces.map(failureNote),
      make("div.pair", {}, ...traces.map((trace, index) => make("div", {},
        traces.length > 1 ? make("h3", {}, quoted(names[index])) : null, settings(trace))))),
    figureBars(traces, names), run.element, pass.element, tokenSection(traces, names),
    make("footer", {}, make("p", {},
      `Made by nibble ${traces[0].meta.nibble_version ?? ""} from `,
      ...traces.flatMap(({ name }, index) => [index ? " and " : "", quoted(name)]),
      ". Every number was counted while the model ran: the bytes are the engine's own buffers, none "
        + "of them an estimate."),
      make("p.print", {}, "Tables behind the drawings are printed where they were open.")));

  const redraw = () => {
    run.redraw();
    for (const view of pass.views) view?.player?.start();
  };
  redraw();
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });
  addEventListener("beforeprint", redraw);
  addEventListener("afterprint", redraw);
}

start();
