"use strict";

// What the page holds: the JSON of PageExport.swift and PageTrace.swift, its columns as arrays of
// numbers.
const DATA = JSON.parse(document.getElementById("data").textContent);

// By the numbers of MemoryCategory and EventKind; `STACK` is the order of every plot, from the axis
// upwards.
const { categories: CATEGORIES, labels: LABELS, stack: STACK, kinds: KINDS } = DATA.words;
const WEIGHTS = CATEGORIES.indexOf("weights"), KV_CACHE = CATEGORIES.indexOf("kv_cache");
const DEQUANTIZED = CATEGORIES.indexOf("weights_dequantized");

// A column: differences with how often each comes in a row, as zigzag varints in base64.
function column(text) {
  const bytes = atob(text);
  let place = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.charCodeAt(place++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const numbers = [];
  let last = 0;
  while (place < bytes.length) {
    const zigzag = next();
    const difference = zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
    for (let repeats = next(); repeats > 0; repeats--) numbers.push(last += difference);
  }
  return numbers;
}

// The columns of an object, decoded; what is not text stays.
function columns(part) {
  return Object.fromEntries(Object.entries(part).map(
    ([key, value]) => [key, typeof value === "string" ? column(value) : value]));
}

// The place of the last number that is at most `value` in a column that rises, or -1.
function lastAtMost(numbers, value) {
  let low = -1, high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (numbers[middle] <= value) low = middle; else high = middle - 1;
  }
  return low;
}

class Trace {
  constructor(json) {
    Object.assign(this, json);
    this.states = json.states.map(column);
    this.totals = (this.states[0] || []).map((_, state) => sum(this.use(state)));
    this.run = columns(json.run);
    if (json.detail) {
      const parts = Object.entries(json.detail).map(([key, value]) => [
        key, key === "steps" ? column(value) : typeof value === "object" ? columns(value) : value]);
      this.detail = Object.fromEntries(parts);
      this.detail.alive = this.countAlive(this.detail);
    }
  }

  // Bytes of each category in a state of memory.
  use(state) { return this.states.map((bytes) => bytes[state]); }

  // Whether a step is one of the pass that is shown step by step.
  isExact(step) {
    const detail = this.detail;
    return Boolean(detail) && !detail.isTooLong && step >= detail.first && step <= detail.last;
  }

  stateAt(step) { return this.detail.steps[step - this.detail.first] >> 3; }
  kindAt(step) { return this.detail.steps[step - this.detail.first] & 7; }

  // Whether each step of a range is told apart.
  hasEvery(first, last) {
    return this.run.first.length === this.steps || (this.isExact(first) && this.isExact(last));
  }

  // The column of the run that a step is in: its steps, and when most and least was alive.
  entry(step) {
    const run = this.run, place = Math.max(0, lastAtMost(run.first, step));
    const first = run.first[place];
    return {
      place, first, last: (run.first[place + 1] ?? this.steps + 1) - 1,
      mostStep: first + run.mostAfter[place], most: run.most[place], least: run.least[place],
      buffers: run.buffers[place], node: run.node[place],
    };
  }

  // What can be said of a moment: of the step itself where steps are kept one by one, or else of
  // the step near it at which most was alive.
  moment(step) {
    if (this.isExact(step)) {
      const at = step - this.detail.first;
      return {
        step, state: this.stateAt(step), kind: KINDS[this.kindAt(step)],
        buffers: this.detail.alive[at], op: this.opName(step), isExact: true,
      };
    }
    const entry = this.entry(step);
    return {
      step: entry.mostStep, state: entry.most, buffers: entry.buffers, first: entry.first,
      last: entry.last, op: this.nodes[entry.node - 1]?.name, isExact: entry.first === entry.last,
    };
  }

  opName(step) {
    const op = this.opAt(step);
    return op < 0 ? undefined : this.nodes[this.detail.ops.node[op] - 1]?.name;
  }

  // The place of the operation of the detailed pass that a step is in, or -1 between two.
  opAt(step) {
    const ops = this.detail.ops, place = lastAtMost(ops.first, step);
    return place >= 0 && step <= ops.first[place] + ops.more[place] ? place : -1;
  }

  passAt(step) { return this.passes.find((pass) => pass.first <= step && step <= pass.last); }

  // The range cut into at most `count` equal parts as MemoryColumns in Swift cuts it, each with the
  // states of the most and the least alive in it. Where columns of the run are longer than a part,
  // these are of the steps `first` to `last` around it.
  samples(first, last, count) {
    const steps = last - first + 1, parts = Math.min(count, steps), found = [];
    const isExact = this.isExact(first) && this.isExact(last), { run } = this;
    let place = lastAtMost(run.first, first);
    for (let part = 0; part < parts; part++) {
      const from = first + Math.ceil(part * steps / parts);
      const to = first + Math.ceil((part + 1) * steps / parts) - 1;
      const sample = { from, to, most: -1, least: -1 };
      const add = (high, low, step) => {
        if (sample.most < 0 || this.totals[high] > this.totals[sample.most]) {
          sample.most = high;
          sample.mostStep = step;
        }
        if (sample.least < 0 || this.totals[low] < this.totals[sample.least]) sample.least = low;
      };
      if (isExact) {
        for (let step = from; step <= to; step++) add(this.stateAt(step), this.stateAt(step), step);
        Object.assign(sample, { first: from, last: to });
      } else {
        while ((run.first[place + 1] ?? Infinity) <= from) place++;
        let at = place;
        for (; run.first[at] <= to; at++) add(run.most[at], run.least[at], run.first[at] + run.mostAfter[at]);
        Object.assign(sample, { first: run.first[place], last: (run.first[at] ?? this.steps + 1) - 1 });
      }
      found.push(sample);
    }
    return found;
  }

  // Where what is under way changes in a range: steps with the places of their nodes, counting from 1.
  // The first may lie before the range.
  changes(first, last) {
    const found = [];
    const add = (step, node) => {
      if (node && node !== found.at(-1)?.node) found.push({ step, node });
    };
    if (this.isExact(first) && this.isExact(last)) {
      const { ops } = this.detail;
      for (let op = Math.max(0, lastAtMost(ops.first, first)); ops.first[op] <= last; op++) {
        add(ops.first[op], ops.node[op]);
      }
    } else {
      const { run } = this;
      for (let place = this.entry(first).place; run.first[place] <= last; place++) {
        add(run.first[place], run.node[place]);
      }
    }
    return found;
  }

  // How many buffers are alive after each step of the pass.
  countAlive(detail) {
    const changes = new Int32Array(detail.last - detail.first + 2);
    let before = 0;
    const add = (made, freed) => {
      if (made < detail.first) before++; else changes[made - detail.first]++;
      if (freed && freed <= detail.last) changes[freed - detail.first]--;
    };
    detail.buffers.made.forEach((made, index) => add(made, detail.buffers.freed[index]));
    detail.tiles.made.forEach((made, index) => {
      if (!detail.tiles.inside[index]) add(made, detail.tiles.freed[index]);
    });
    let alive = before;
    return Array.from(changes, (change) => alive += change);
  }

  // The buffers alive after a step of the detailed pass, the largest first.
  buffersAt(step) {
    const { tiles, buffers } = this.detail, found = [];
    const isAlive = (made, freed) => made <= step && (!freed || freed > step);
    buffers.made.forEach((made, index) => {
      if (!isAlive(made, buffers.freed[index])) return;
      found.push({
        made, name: buffers.names[buffers.label[index]], category: buffers.category[index],
        bytes: buffers.bytes[index],
      });
    });
    tiles.made.forEach((made, index) => {
      if (tiles.inside[index] || !isAlive(made, tiles.freed[index])) return;
      const row = tiles.row[index], tensor = this.tensors[tiles.tensor[index]];
      found.push({
        made, category: DEQUANTIZED, bytes: tiles.bytes[index],
        name: `${tensor.name} rows ${row}..<${row + tiles.rows[index]}`,
      });
    });
    return found.sort((a, b) => b.bytes - a.bytes || a.made - b.made);
  }
}

function sum(numbers) { return numbers.reduce((total, number) => total + number, 0); }

// Of as many numbers as there are, where Math.min and Math.max take a limited count.
function smallest(numbers, from) { return numbers.reduce((found, number) => Math.min(found, number), from); }
function greatest(numbers, from) { return numbers.reduce((found, number) => Math.max(found, number), from); }
