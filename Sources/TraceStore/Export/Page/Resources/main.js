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
  const traces = JSON.parse(document.getElementById("data").textContent).traces.map((json) => new Trace(json));
  const names = titles(traces);
  const models = [...new Set(traces.map((trace) => trace.meta.model ?? trace.name))];
  const run = runSection(traces, names), pass = passSection(traces, names);
  const prompts = [...new Set(traces.map((trace) => trace.meta.prompt).filter(Boolean))];
  document.getElementById("page").append(
    make("header", {},
      make("p.masthead", {}, make("b", {}, "nibble"), " a recorded run", themeButton()),
      make("h1", {}, ...models.flatMap((model, index) => [index ? " and " : "", quoted(model)])),
      ...prompts.slice(0, 2).map((prompt) => make("blockquote", {}, quoted(prompt))),
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
        + "of them an estimate.")));

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
