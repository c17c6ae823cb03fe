// A small network as nodes and edges: an edge's colour is its weight, its width the gradient of it.

import { h, svg } from "./dom.js";
import { short } from "./numbers.js";
import { trace, terms } from "./trace.js";

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./chain.js").Column} Column
 * @typedef {import("./chain.js").Join} Join
 * @typedef {{ weight: number, entry: number, from: { x: number, y: number, r: number }, to: { x: number, y: number,
 *   r: number }, bias: boolean, source: string, target: string, label: boolean, k: number, count: number }} Edge
 */

const RADIUS = 22;
const NAMED = 5; // units of a layer that have their name above them

/**
 * @param {Element} host
 * @param {import("./store.js").View} view
 * @param {Frame[]} frames
 * @param {{ columns: Column[], joins: Join[] }} layers
 */
export function net(host, view, frames, { columns, joins }) {
  const { structure } = frames[0];
  const narrow = host.clientWidth > 0 && host.clientWidth < 520;
  const width = narrow ? 440 : 720;
  const gapOf = (/** @type {number} */ units) => Math.max(46, Math.min(112, 500 / units));
  const height = Math.max(224, ...columns.map(({ units }) => units * gapOf(units))) + 60;
  const most = Math.max(...columns.map((column) => column.units));
  const radius = Math.min(RADIUS, gapOf(most) * 0.42);
  const across = (width - (narrow ? 200 : 244)) / Math.max(columns.length - 1, 1);
  const place = (/** @type {number} */ column, /** @type {number} */ unit) => ({
    x: (narrow ? 40 : 64) + column * across,
    y: 22 + (height - 60) / 2 + (unit - (columns[column].units - 1) / 2) * gapOf(columns[column].units),
    r: radius,
  });
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "net", role: "group", "aria-label": "the network" });
  const wires = svg("g");
  const marks = svg("g");
  picture.append(wires, marks);
  host.append(picture);

  const edges = edgesOf(structure, columns, joins, place);
  const largest = edges.map((edge) => Math.max(1e-30, ...frames.map((frame) => Math.abs(frame.gradient(edge.weight, edge.entry) ?? 0))));
  const scale = Math.max(...largest);
  const drawn = edges.map((edge) => drawEdge(edge, wires, view, structure));
  const nodes = columns.flatMap((column, i) =>
    Array.from({ length: column.units }, (_, unit) => drawNode(structure, column, unit, place(i, unit), marks, radius)),
  );
  columns.forEach((column, i) => {
    picture.append(svg("text", { x: place(i, 0).x, y: height - 8, class: "layer" }, column.label));
  });
  const out = place(columns.length - 1, (columns[columns.length - 1].units - 1) / 2);
  const box = drawLoss(structure, out, picture, width - 66);

  view.subscribe((state) => {
    const frame = frames[state.frame];
    edges.forEach((edge, i) => {
      const { line, hit, text } = drawn[i];
      const weight = frame.number(edge.weight, edge.entry) ?? 0;
      const gradient = frame.gradient(edge.weight, edge.entry) ?? 0;
      const chosen = structure.values[edge.weight].name === state.weight && edge.entry === state.entry;
      line.setAttribute("stroke-width", String(1.2 + 8 * Math.sqrt(Math.min(Math.abs(gradient) / scale, 1))));
      line.setAttribute("class", `edge ${weight < 0 ? "negative" : "positive"}${chosen ? " chosen" : ""}`);
      line.style.opacity = String(0.45 + 0.55 * Math.min(Math.abs(weight) / 2, 1));
      const said = shown(frame, edge, state);
      text.textContent = said;
      text.setAttribute("class", `weight-label ${state.mode}${chosen ? " chosen" : ""}${edge.label || chosen ? "" : " quiet"}`);
      hit.setAttribute("aria-pressed", String(chosen));
      hit.setAttribute("aria-label", `${nameOf(structure, edge)} = ${short(weight)}, gradient ${short(gradient)}`);
    });
    for (const node of nodes) node.show(frame, state);
    box.show(frame, state);
    light(picture, frame, state);
  });
}

/** The number beside an edge: the weight, the sample's share of its gradient, or how it moved. */
function shown(/** @type {Frame} */ frame, /** @type {Edge} */ edge, /** @type {import("./store.js").State} */ state) {
  if (state.mode === "forward") return short(frame.number(edge.weight, edge.entry));
  if (state.mode === "backward") {
    const share = terms(frame, edge.weight, edge.entry, state.sample).terms.reduce((sum, term) => sum + term.product, 0);
    return short(share);
  }
  const parameter = frame.structure.updated(frame.structure.values[edge.weight].name);
  if (!parameter || parameter.after === null) return "";
  const moved = frame.numbers[parameter.after + edge.entry] - (frame.number(edge.weight, edge.entry) ?? NaN);
  return (moved > 0 ? "+" : "") + short(moved);
}

/** The path of the chosen weight for the chosen sample. */
function light(/** @type {Element} */ picture, /** @type {Frame} */ frame, /** @type {import("./store.js").State} */ state) {
  picture.querySelectorAll(".on-path").forEach((element) => element.classList.remove("on-path"));
  const value = frame.structure.named.get(state.weight);
  if (value === undefined) return;
  for (const { link, at } of trace(frame, value, state.entry, state.sample, state.path).flatMap((level) => level.terms.slice(level.chosen, level.chosen + 1))) {
    picture.querySelector(`[data-node~="${link.output}:${frame.structure.values[link.output].batched ? at % unitsOf(frame, link.output) : at}"]`)?.classList.add("on-path");
  }
}

const unitsOf = (/** @type {Frame} */ frame, /** @type {number} */ value) => frame.structure.shapes[value].slice(1).reduce((a, b) => a * b, 1);

/**
 * @param {import("./data.js").Structure} structure
 * @param {Column[]} columns
 * @param {Join[]} joins
 * @param {(column: number, unit: number) => { x: number, y: number, r: number }} place
 * @returns {Edge[]}
 */
function edgesOf(structure, columns, joins, place) {
  return joins.flatMap(({ weight, bias, across }, j) => {
    const [from, to] = [columns[j].units, columns[j + 1].units];
    const label = from * to <= 12;
    const found = [];
    for (let unit = 0; unit < to; unit++) {
      for (let k = 0; k < from; k++) {
        const entry = across ? k * to + unit : unit * from + k;
        found.push({ weight, entry, from: place(j, k), to: place(j + 1, unit), bias: false, label, k: k * to + unit, count: from * to, source: `unit ${k}`, target: `unit ${unit}` });
      }
      if (bias !== null && structure.values[bias].kind === "parameter") {
        const end = place(j + 1, unit);
        const start = { x: end.x - 36, y: end.y + Math.min(40, end.r * 1.75), r: 8 };
        found.push({ weight: bias, entry: unit, from: start, to: end, bias: true, label: to <= 4, k: unit, count: to, source: "1", target: `unit ${unit}` });
      }
    }
    return found;
  });
}

/** @param {import("./data.js").Structure} structure @param {Edge} edge */
function nameOf(structure, edge) {
  const { name, shape } = structure.values[edge.weight];
  const index = shape.length === 2 ? `${Math.floor(edge.entry / shape[1])},${edge.entry % shape[1]}` : String(edge.entry);
  return `${name}[${index}]`;
}

/**
 * @param {Edge} edge
 * @param {SVGElement} wires
 * @param {import("./store.js").View} view
 * @param {import("./data.js").Structure} structure
 */
function drawEdge(edge, wires, view, structure) {
  const { from, to } = edge;
  const middle = (from.x + to.x) / 2;
  const path = edge.bias ? `M${from.x},${from.y}Q${to.x - 10},${from.y} ${to.x - to.r * 0.55},${to.y + to.r * 0.83}` : `M${from.x + from.r},${from.y}C${middle},${from.y} ${middle},${to.y} ${to.x - to.r},${to.y}`;
  const line = svg("path", { d: path, class: "edge", fill: "none" });
  const choose = () => view.set({ weight: structure.values[edge.weight].name, entry: edge.entry });
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose();
    }
  };
  const hit = svg("path", { d: path, class: "hit", fill: "none", tabindex: 0, role: "button", "data-weight": nameOf(structure, edge), "data-link": `${edge.weight}:${edge.entry}`, onclick: choose, onkeydown: press });
  const t = edge.bias ? 0 : 0.24 + 0.3 * ((edge.k * 0.618) % 1);
  const at = edge.bias ? { x: from.x - 13, y: from.y + 4, anchor: "end" } : { ...pointAt(from, to, middle, t), anchor: "middle" };
  const text = svg("text", { x: at.x, y: at.y - (edge.bias ? 0 : 5), "text-anchor": at.anchor, class: "weight-label" });
  const one = edge.bias ? svg("g", { class: "one" }, svg("rect", { x: from.x - 7, y: from.y - 7, width: 14, height: 14, rx: 4 }), svg("text", { x: from.x, y: from.y + 3.5, "text-anchor": "middle" }, "1")) : null;
  wires.append(svg("g", { class: "edge-group" }, line, hit, text, one));
  return { line, hit, text };
}

/** A point of the curve. */
function pointAt(/** @type {{x: number, y: number, r: number}} */ from, /** @type {{x: number, y: number, r: number}} */ to, /** @type {number} */ middle, /** @type {number} */ t) {
  const curve = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ c, /** @type {number} */ d) =>
    (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
  return { x: curve(from.x + from.r, middle, middle, to.x - to.r), y: curve(from.y, from.y, to.y, to.y) };
}

/**
 * @param {import("./data.js").Structure} structure
 * @param {Column} column
 * @param {number} unit
 * @param {{ x: number, y: number }} at
 * @param {SVGElement} marks
 * @param {number} radius
 */
function drawNode(structure, column, unit, at, marks, radius) {
  const values = [column.before, column.after].filter((value) => value !== null);
  const circle = svg("circle", { cx: at.x, cy: at.y, r: radius });
  const number = svg("text", { x: at.x, y: at.y + 4.5, "text-anchor": "middle", class: "value" });
  const { text } = structure.values[column.after];
  const name = svg("text", { x: at.x, y: at.y - radius - 6, "text-anchor": "middle", class: "unit" }, column.units > 1 ? `${text}[${unit}]` : text);
  const keys = values.map((value) => `${value}:${unit}`).join(" ");
  const title = svg("title");
  const group = svg("g", { class: "node", "data-node": keys }, title, circle, number, column.units <= NAMED ? name : null);
  marks.append(group);
  const width = column.units;
  return {
    /** @param {Frame} frame @param {import("./store.js").State} state */
    show(frame, state) {
      const flat = state.sample * width + unit;
      const forward = frame.number(column.after, flat);
      const slope = frame.gradient(column.before ?? column.after, flat);
      const backward = state.mode === "backward";
      number.textContent = backward ? (column.before === null && slope === null ? "·" : short(slope)) : short(forward);
      number.setAttribute("class", number.textContent.length > 4 ? "value long" : "value");
      title.textContent = `${text}[${state.sample},${unit}] = ${forward}; ∂L/∂${structure.values[column.before ?? column.after].text} = ${slope ?? "none: it is data"}`;
      group.setAttribute("class", `node ${state.mode}${group.classList.contains("on-path") ? " on-path" : ""}`);
      const strength = Math.min(Math.abs(forward ?? 0), 1) * 45;
      circle.style.fill = `color-mix(in oklab, var(--${(forward ?? 0) < 0 ? "negative" : "positive"}) ${strength}%, var(--card))`;
      group.setAttribute("data-links", values.map((value) => `${value}:${flat}`).join(" "));
    },
  };
}

/** @param {import("./data.js").Structure} structure @param {{ x: number, y: number, r: number }} from @param {SVGElement} picture @param {number} x */
function drawLoss(structure, from, picture, x) {
  const number = svg("text", { x, y: from.y + 4.5, "text-anchor": "middle", class: "value" });
  const target = svg("text", { x, y: from.y + 40, "text-anchor": "middle", class: "unit" });
  picture.append(
    svg("line", { x1: from.x + from.r, y1: from.y, x2: x - 32, y2: from.y, class: "to-loss" }),
    svg("g", { class: "loss on-path", "data-node": `${structure.loss}:0`, "data-links": `${structure.loss}:0` }, svg("rect", { x: x - 32, y: from.y - 19, width: 64, height: 38, rx: 9 }), number),
    svg("text", { x, y: from.y - 28, "text-anchor": "middle", class: "unit" }, "loss"),
    target,
  );
  return {
    /** @param {Frame} frame @param {import("./store.js").State} state */
    show(frame, state) {
      number.textContent = Math.abs(frame.loss) >= 1e-3 && Math.abs(frame.loss) < 1e4 ? frame.loss.toPrecision(3).replace("-", "−") : short(frame.loss);
      const value = frame.structure.target;
      if (value === null) return;
      const width = frame.structure.shapes[value].slice(1).reduce((a, b) => a * b, 1);
      const numbers = Array.from({ length: Math.min(width, 3) }, (_, i) => short(frame.number(value, state.sample * width + i)));
      target.textContent = `${frame.structure.values[value].text} = ${numbers.join(", ")}`;
    },
  };
}

/** What the colours and widths mean. */
export function legend() {
  const key = (/** @type {string} */ kind, /** @type {string} */ text) => h("span", {}, h("i", { class: `key ${kind}` }), text);
  return h("p", { class: "legend" }, key("positive", "positive weight"), key("negative", "negative weight"), key("thin", "thicker: larger gradient"), h("span", { class: "hint" }, "choose any weight"));
}
