// A network too large for nodes and edges: its calls in order, grouped by module, with pictures of their numbers.

import { h, math } from "./dom.js";
import { fixed } from "./numbers.js";
import { heat } from "./heat.js";
import { unravel } from "./places.js";

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./data.js").Structure} Structure
 * @typedef {import("./store.js").State} State
 * @typedef {{ update: (frame: Frame, state: State, colour: (name: string) => number[]) => void }} Live
 */

const OPEN = 24; // with more calls than this, modules begin closed

/**
 * @param {HTMLElement} host
 * @param {import("./store.js").View} view
 * @param {Frame[]} frames
 * @param {() => (name: string) => number[]} colour
 */
export function calls(host, view, frames, colour) {
  /** @type {Structure | null} */
  let built = null;
  /** @type {Live[]} */
  let live = [];
  const show = () => {
    const state = view.get();
    const frame = frames[state.frame];
    if (frame.structure !== built) {
      built = frame.structure;
      live = [];
      const list = h("div", { class: "calls" });
      group(built, built.calls.map((_, i) => i), 0, list, live, view, frames);
      host.replaceChildren(list);
    }
    for (const part of live) part.update(frame, state, colour());
  };
  view.subscribe(show);
  return { repaint: show };
}

/**
 * Consecutive calls of one module stand together.
 * @param {Structure} structure
 * @param {number[]} indices
 * @param {number} depth
 * @param {HTMLElement} into
 * @param {Live[]} live
 * @param {import("./store.js").View} view
 * @param {Frame[]} frames
 */
function group(structure, indices, depth, into, live, view, frames) {
  const key = (/** @type {number} */ i) => structure.calls[i].module.split(".").slice(0, depth + 1).join(".");
  const deeper = (/** @type {number} */ i) => structure.calls[i].module.split(".").length > depth + 1;
  for (let begin = 0; begin < indices.length; ) {
    let end = begin + 1;
    while (end < indices.length && key(indices[end]) === key(indices[begin])) end++;
    const part = indices.slice(begin, end);
    const name = key(part[0]);
    if (name && part.length > 1 && part.some(deeper)) {
      const flow = bars();
      const open = structure.calls.length <= OPEN;
      const details = h("details", { class: "module", open: open ? "" : null }, h("summary", {}, h("b", {}, name), h("span", { class: "muted" }, `${part.length} calls`), flow.element));
      into.append(details);
      const last = structure.calls[part[part.length - 1]].output;
      live.push({ update: (frame) => flow.show(frame, last) });
      group(structure, part, depth + 1, details, live, view, frames);
    } else part.forEach((i) => into.append(row(structure, i, live, view, frames)));
    begin = end;
  }
}

/**
 * @param {Structure} structure
 * @param {number} index
 * @param {Live[]} live
 * @param {import("./store.js").View} view
 * @param {Frame[]} frames
 */
function row(structure, index, live, view, frames) {
  const call = structure.calls[index];
  const value = structure.values[call.output];
  const flow = bars();
  live.push({ update: (frame) => flow.show(frame, call.output) });
  const place = [call.module, call.where].filter(Boolean).join(" · ");
  const opaque = call.rule === null ? h("span", { class: "opaque", title: call.reason }, "opaque") : null;
  const head = h("div", { class: "call-head" }, math(call.formula), h("span", { class: "muted" }, place), opaque);
  const maps = h("div", { class: "call-maps" });
  const first = call.inputs.find((input) => input === structure.data);
  for (const shown of [first, call.output]) {
    if (shown !== undefined && structure.values[shown].batched && structure.values[shown].number !== null) maps.append(activation(structure, shown, live));
  }
  for (const input of new Set(call.inputs)) {
    if (structure.values[input].kind === "parameter") maps.append(parameter(structure, input, live, view, frames));
  }
  return h("div", { class: "call", "data-call": index }, head, h("div", { class: "call-size" }, h("span", { class: "muted" }, value.shape.join("×") || "one number"), flow.element), maps);
}

/** The sample's activation, or the gradient of it. */
function activation(/** @type {Structure} */ structure, /** @type {number} */ value, /** @type {Live[]} */ live) {
  const shape = structure.shapes[value].slice(1);
  const width = shape.reduce((a, b) => a * b, 1);
  const { text } = structure.values[value];
  const picture = heat(shape, `${text} of the sample`);
  live.push({
    update(frame, state, colour) {
      const read = state.mode === "backward" && structure.values[value].gradient !== null ? frame.gradient.bind(frame) : frame.number.bind(frame);
      const number = (/** @type {number} */ entry) => read(value, state.sample * width + entry) ?? 0;
      picture.paint(number, largest(number, width), colour);
    },
  });
  return h("figure", {}, picture.canvas, h("figcaption", {}, text));
}

/**
 * A parameter: its weights, their gradients, or how they moved; a cell is chosen by a click or the arrow keys.
 * @param {Structure} structure
 * @param {number} value
 * @param {Live[]} live
 * @param {import("./store.js").View} view
 * @param {Frame[]} frames
 */
function parameter(structure, value, live, view, frames) {
  const { name, shape, number } = structure.values[value];
  if (number === null) return afar(structure, value, live);
  const picture = heat(shape, name);
  const mark = h("i", { class: "cell" });
  const count = shape.reduce((a, b) => a * b, 1);
  const choose = (/** @type {number} */ entry) => entry >= 0 && entry < count && view.set({ weight: name, entry });
  const caption = h("figcaption", {}, name);
  const press = (/** @type {KeyboardEvent} */ event) => {
    const { weight, entry } = view.get();
    const columns = picture.canvas.width;
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (event.key === "Enter" || event.key === " ") choose(weight === name ? entry : 0);
    else if (move && weight === name) choose(entry + move);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const over = (/** @type {MouseEvent} */ event) => {
    const entry = picture.under(event);
    if (entry < 0) return;
    const frame = frames[view.get().frame];
    caption.textContent = `${name}[${unravel(entry, shape).join(",")}] = ${fixed(frame.number(value, entry))}`;
  };
  const out = () => (caption.textContent = name);
  const frame = h("div", { class: "matrix", tabindex: 0, role: "button", "aria-label": `${name}, choose a weight`, onkeydown: press, onclick: (/** @type {MouseEvent} */ e) => choose(picture.under(e)), onmousemove: over, onmouseleave: out }, picture.canvas, mark);
  live.push({
    update(now, state, colour) {
      const at = now.structure.updated(name);
      const moved = (/** @type {number} */ entry) => (at?.after == null ? 0 : now.numbers[at.after + entry] - (now.number(value, entry) ?? 0));
      const read = { forward: (/** @type {number} */ e) => now.number(value, e) ?? 0, backward: (/** @type {number} */ e) => now.gradient(value, e) ?? 0, update: moved }[state.mode];
      picture.paint(read, largest(read, count), colour);
      mark.hidden = state.weight !== name;
      if (state.weight !== name) return;
      const { width, height } = picture.canvas;
      const [row, column] = cellOf(shape, state.entry, width, height);
      mark.style.cssText = `left:${(100 * column) / width}%;top:${(100 * row) / height}%;width:${100 / width}%;height:${100 / height}%`;
    },
  });
  return h("figure", {}, frame, caption);
}

/** A parameter whose numbers are not in the page: means of blocks of it, or of its gradient. */
function afar(/** @type {Structure} */ structure, /** @type {number} */ value, /** @type {Live[]} */ live) {
  const { name, shape, afar: blocks } = structure.values[value];
  const caption = h("figcaption", {}, `${name}, ${shape.join("×")}${blocks ? " in blocks" : ""}`);
  if (!blocks) return h("figure", { class: "too-large" }, caption);
  const picture = heat(blocks.shape, `${name}, in blocks`);
  const count = blocks.shape[0] * blocks.shape[1];
  live.push({
    update(frame, state, colour) {
      const begin = state.mode === "backward" ? blocks.gradient : blocks.number;
      const number = (/** @type {number} */ entry) => frame.numbers[begin + entry];
      picture.paint(number, largest(number, count), colour);
    },
  });
  return h("figure", {}, picture.canvas, caption);
}

/** Where an entry is drawn. */
function cellOf(/** @type {number[]} */ shape, /** @type {number} */ entry, /** @type {number} */ columns, /** @type {number} */ rows) {
  if (shape.length <= 2) return [Math.floor(entry / columns), entry % columns];
  const index = unravel(entry, shape);
  if (shape.length === 3) return shape[0] <= 32 ? [index[1], index[0] * shape[2] + index[2]] : [Math.floor(entry / columns), entry % columns];
  const height = rows / shape[0];
  return [index[0] * height + index[2], index[1] * shape[shape.length - 1] + index[shape.length - 1]];
}

const largest = (/** @type {(entry: number) => number} */ number, /** @type {number} */ count) => {
  let size = 0;
  for (let i = 0; i < count; i++) size = Math.max(size, Math.abs(number(i)) || 0);
  return size;
};

/** Two small bars: how large the activation is, how large its gradient; each ten times smaller is one step shorter. */
function bars() {
  const forward = h("i", { class: "forward" });
  const backward = h("i", { class: "gradient" });
  const element = h("span", { class: "flow-bars", role: "img" }, forward, backward);
  const width = (/** @type {number} */ x) => (x > 0 && Number.isFinite(x) ? Math.max(2, 64 + 8 * Math.log10(Math.min(x, 1))) : 0);
  return {
    element,
    /** @param {Frame} frame @param {number} value */
    show(frame, value) {
      const { size, gradient } = frame.flow(value);
      forward.style.width = `${width(size)}px`;
      backward.style.width = `${width(gradient)}px`;
      const said = `root mean square ${fixed(size)}, gradient norm ${fixed(gradient)}`;
      element.title = said;
      element.setAttribute("aria-label", said);
    },
  };
}
