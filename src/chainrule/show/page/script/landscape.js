// A slice through the loss: the chosen weight across, the one that travels farthest besides it up, all others held.

import { h, painting, svg, tint } from "./dom.js";
import { contour } from "./contour.js";
import { evaluate, recorded } from "./evaluate.js";
import { unravel } from "./places.js";

const SIDE = 48;
const LEVELS = 10;

/**
 * @param {HTMLElement} host
 * @param {import("./store.js").View} view
 * @param {import("./data.js").Frame[]} frames
 * @param {() => (name: string) => number[]} colour
 */
export function landscape(host, view, frames, colour) {
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": "loss around the weights of this step" }));
  const over = svg("svg", { viewBox: "0 0 100 100" });
  const across = h("span", { class: "across" });
  const up = h("span", { class: "up" });
  host.append(h("div", { class: "map" }, canvas, over, across, up));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(SIDE, SIDE);
  const travels = journeys(frames);

  const draw = () => {
    const state = view.get();
    const frame = frames[state.frame];
    const first = travels.find((j) => j.name === state.weight && j.entry === state.entry);
    const second = travels.filter((j) => j !== first).sort((a, b) => b.high - b.low - (a.high - a.low))[0];
    if (!first || !second || ![first, second].every((journey) => Number.isFinite(journey.high - journey.low))) {
      over.replaceChildren(); // nothing finite to draw
      return;
    }
    const [x0, x1] = span(first);
    const [y0, y1] = span(second);
    const grid = (/** @type {(column: number, row: number) => number} */ f) => Float64Array.from({ length: SIDE * SIDE }, (_, i) => f(i % SIDE, Math.floor(i / SIDE)));
    const values = [
      { ...first, grid: grid((column) => x0 + ((x1 - x0) * (column + 0.5)) / SIDE) },
      { ...second, grid: grid((_, row) => y1 - ((y1 - y0) * (row + 0.5)) / SIDE) },
    ];
    const given = new Map();
    for (const { name, entry, grid: numbers } of values) {
      const value = /** @type {number} */ (frame.structure.named.get(name));
      if (!given.has(value)) given.set(value, recorded(frame, value));
      const width = given.get(value)[0].length;
      given.get(value)[Math.floor(entry / width)][entry % width] = numbers;
    }
    const [[found]] = evaluate(frame, given);
    const loss = typeof found === "number" ? new Float64Array(SIDE * SIDE).fill(found) : found;
    const finite = loss.filter(Number.isFinite);
    const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
    const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
    const [deep, middle, peak] = ["land-low", "land-middle", "land-high"].map(colour());
    loss.forEach((height, i) => {
      const share = Math.sqrt((height - low) / (high - low || 1));
      if (share < 0.5) tint(image, i, deep, middle, share * 2);
      else tint(image, i, middle, peak, share * 2 - 1);
    });
    context.putImageData(image, 0, 0);
    const levels = Array.from({ length: LEVELS }, (_, k) => contour(loss, SIDE, low + ((k + 1) / (LEVELS + 1)) ** 2 * (high - low)));
    const px = (/** @type {number} */ x) => ((x - x0) / (x1 - x0)) * 100;
    const py = (/** @type {number} */ y) => 100 - ((y - y0) / (y1 - y0)) * 100;
    const path = frames.slice(0, state.frame + 1).map((_, t) => `${px(first.values[t]).toFixed(1)},${py(second.values[t]).toFixed(1)}`);
    const here = { x: px(first.values[state.frame]), y: py(second.values[state.frame]) };
    over.replaceChildren(
      svg("path", { d: levels.join(""), class: "levels" }),
      svg("polyline", { points: path.join(" "), class: "trail" }),
      arrow(frame, first, second, here),
      svg("circle", { cx: here.x, cy: here.y, r: 3.2, class: "here" }),
    );
    across.textContent = `${first.label} →`;
    up.textContent = `${second.label} ↑`;
  };
  const soon = painting(draw);
  view.subscribe((_, changed) => (changed.has("frame") || changed.has("weight") || changed.has("entry")) && soon());
  return { repaint: draw };
}

/**
 * @typedef {{ name: string, entry: number, label: string, values: number[], low: number, high: number }} Journey
 * @param {import("./data.js").Frame[]} frames
 * @returns {Journey[]}
 */
function journeys(frames) {
  const { structure } = frames[0];
  return structure.weights().flatMap((value) => {
    const { name, shape } = structure.values[value];
    const count = shape.reduce((a, b) => a * b, 1);
    return Array.from({ length: count }, (_, entry) => {
      const values = frames.map((frame) => frame.number(frame.structure.named.get(name) ?? value, entry) ?? 0);
      const label = `${structure.values[value].text}[${unravel(entry, shape).join(",")}]`;
      return { name, entry, label, values, low: Math.min(...values), high: Math.max(...values) };
    });
  });
}

/** From where to where the slice goes. @param {Journey} journey */
function span(journey) {
  const margin = Math.max(0.8, 0.35 * (journey.high - journey.low));
  return [journey.low - margin, journey.high + margin];
}

/** Downhill: against the gradient of the two. */
function arrow(/** @type {import("./data.js").Frame} */ frame, /** @type {Journey} */ first, /** @type {Journey} */ second, /** @type {{ x: number, y: number }} */ here) {
  const slope = (/** @type {Journey} */ j) => frame.gradient(/** @type {number} */ (frame.structure.named.get(j.name)), j.entry) ?? 0;
  const [dx, dy] = [-slope(first), -slope(second)];
  const size = Math.hypot(dx, dy);
  if (!(size > 0)) return svg("g");
  const length = 15;
  const [ux, uy] = [(dx / size) * length, (-dy / size) * length];
  const [tx, ty] = [here.x + ux, here.y + uy];
  const wing = (/** @type {number} */ turn) => `${tx - ux * 0.35 + turn * uy * 0.25},${ty - uy * 0.35 - turn * ux * 0.25}`;
  return svg("g", { class: "downhill" }, svg("line", { x1: here.x, y1: here.y, x2: tx - ux * 0.2, y2: ty - uy * 0.2 }), svg("polygon", { points: `${tx},${ty} ${wing(1)} ${wing(-1)}` }));
}
