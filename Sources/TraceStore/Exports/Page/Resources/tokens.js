// The text, token by token, and how likely the model found each.

class TokenView {
  static count = 0;

  constructor(trace, name, isAlone) {
    this.trace = trace;
    this.line = make("div");
    this.popover = make("div.popover", { role: "tooltip", id: `likely-${++TokenView.count}`, hidden: true });
    this.element = make("div.tokenview");
    const branches = trace.branches.filter(({ id }) => id === 0 || trace.tokens.some(({ branch }) => branch === id));
    // The branch that the pass above belongs to.
    const shown = trace.passes.find(({ id }) => id === trace.detail?.pass)?.branch ?? 0;
    if (branches.length > 1) {
      const select = make("select", { onchange: () => this.show(Number(select.value)) },
        ...branches.map(({ id, parent, position }) => make("option", { value: id, selected: id === shown },
          id === 0 ? "from the beginning" : `branch ${id}: branch ${parent} taken back to position ${position}`)));
      this.element.append(make("label.branch", {}, "Branch ", select));
    }
    this.element.append(this.line, this.popover, table(isAlone ? "The tokens as a table" : `${name}: the tokens as a table`,
      ["token", "branch", "sequence", "position", "id", "from", "probability", "pass"],
      () => trace.tokens.map((token) => [quoted(token.text), token.branch, token.sequence, token.position, token.id,
        token.prompt ? "prompt" : token.forced ? "a person" : "the model",
        token.logprob === undefined ? "" : percent(token.logprob), token.pass ?? ""])));
    this.element.addEventListener("keydown", (event) => { if (event.key === "Escape") this.hide(); });
    this.show(shown);
  }

  // The tokens of a branch: those of the beginning that it shares, and its own.
  tokensOf(branch) {
    const found = [], seen = new Set();
    for (let own = branch, limit = Infinity; own !== undefined && !seen.has(own);) {
      seen.add(own);
      found.push(...this.trace.tokens.filter((token) => token.branch === own && token.position < limit));
      const row = this.trace.branches.find(({ id }) => id === own);
      limit = Math.min(limit, row?.position ?? 0);
      own = row?.parent;
    }
    return found.sort((a, b) => a.sequence - b.sequence || a.position - b.position);
  }

  show(branch) {
    this.hide();
    const tokens = this.tokensOf(branch), sequences = [...new Set(tokens.map(({ sequence }) => sequence))];
    this.line.replaceChildren(...sequences.map((sequence) => {
      const own = tokens.filter((token) => token.sequence === sequence);
      const label = sequences.length > 1 ? `Sequence ${sequence}` : "Tokens";
      const line = make("div.text", { role: "toolbar", "aria-label": label, dir: "auto" },
        ...own.map((token, index) => this.token(token, index === 0)));
      rove(line, ".token");
      return make("div", {}, sequences.length > 1 ? make("h4", {}, `Sequence ${sequence}`) : null, line);
    }));
    if (!tokens.length) this.line.replaceChildren(make("p.note", {}, "The trace holds no tokens."));
  }

  // A button that is part of the line: letters join and turn to the right or left across tokens.
  token(token, isFirst) {
    const chance = token.logprob === undefined ? undefined : Math.exp(token.logprob);
    const kind = token.prompt ? "prompt" : token.forced ? "forced" : "chosen";
    const reveal = () => this.reveal(token, element);
    const element = make(`span.token.${kind}`, {
      role: "button", tabindex: isFirst ? 0 : -1, style: chance === undefined ? null : `--chance:${chance.toFixed(3)}`,
      "aria-label": nameless(token.text), "aria-describedby": this.popover.id, "data-position": token.position,
      onpointerenter: reveal, onfocus: reveal, onblur: () => this.hide(), onclick: reveal,
      onpointerleave: () => { if (document.activeElement !== element) this.hide(); },
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        reveal();
      },
    }, visible(token.text));
    return element;
  }

  reveal(token, button) {
    const chance = token.logprob === undefined ? "no logits were computed for it" : percent(token.logprob);
    const from = token.prompt ? "prompt" : token.forced ? "chosen by a person" : "chosen";
    this.popover.replaceChildren(
      make("p", {}, make("b", {}, quoted(nameless(token.text) ?? token.text)), ` position ${token.position}, ${from}: ${chance}`),
      ...token.top.slice(0, 8).map(({ id, text, logprob }) => bar(
        quoted(text), Math.exp(logprob ?? -Infinity), id === token.id ? "temporary" : "other",
        logprob === undefined ? "" : percent(logprob), { "data-id": id })));
    this.popover.hidden = false;
    const box = button.getBoundingClientRect(), home = this.element.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.popover;
    const isBelow = box.bottom + 6 + height <= innerHeight || box.top < height + 6;
    this.popover.style.left = `${Math.max(0, Math.min(home.width - width, box.left - home.left))}px`;
    this.popover.style.top = `${(isBelow ? box.bottom + 6 : box.top - 6 - height) - home.top}px`;
  }

  hide() { this.popover.hidden = true; }
}

function tokenSection(traces, names) {
  return make("section", { "aria-labelledby": "tokens-title" },
    make("h2", { id: "tokens-title" }, "The text, and how likely it was"),
    make("div.pair", {}, ...traces.map((trace, index) => make("div", {},
      traces.length > 1 ? make("h3", {}, quoted(names[index])) : null, new TokenView(trace, names[index], traces.length === 1).element))),
    make("p.note", {}, "The deeper the underline, the likelier the model found the token. ",
      make("span.use", {}, "Point at one, or go through them with the arrow keys, for what else was likely.")));
}
