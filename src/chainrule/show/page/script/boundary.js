// What the network answers for every input, where there are two inputs.

import { h, painting, svg, tint } from "./dom.js";
import { contour } from "./contour.js";
import { evaluate } from "./evaluate.js";

const SIDE = 48;

/** Whether there is a plane to draw. @param {import("./data.js").Structure} structure */
export function hasPlane(structure) {
  const { data, prediction, target, shapes } = structure;
  if (data === null || prediction === null || shapes[data].length !== 2 || shapes[data][1] !== 2) return false;
  if (structure.samples < 2 || shapes[prediction].length > 2) return false;
  const units = shapes[prediction][1] ?? 1;
  return units === 1 || (units === 2 && target !== null && shapes[target].length === 1);
}

/**
 * @param {HTMLElement} host
 * @param {import("./store.js").View} view
 * @param {import("./data.js").Frame[]} frames
 * @param {() => (name: string) => number[]} colour
 */
export function boundary(host, view, frames, colour) {
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": "prediction for every input" }));
  const over = svg("svg", { viewBox: "0 0 100 100" });
  host.append(h("div", { class: "map" }, canvas, over));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(SIDE, SIDE);
  const [low, high] = range(frames);
  const [centre, spread] = answers(frames);
  const across = Float64Array.from({ length: SIDE * SIDE }, (_, i) => low + ((high - low) * ((i % SIDE) + 0.5)) / SIDE);
  const up = Float64Array.from({ length: SIDE * SIDE }, (_, i) => high - ((high - low) * (Math.floor(i / SIDE) + 0.5)) / SIDE);
  const draw = () => {
    const { frame: index, sample } = view.get();
    const frame = frames[index];
    const { data, prediction } = frame.structure;
    if (data === null || prediction === null) return;
    const [row] = evaluate(frame, new Map([[data, [[across, up]]]]), prediction);
    const answer = decision(row);
    const [positive, negative, ground] = [colour()("positive"), colour()("negative"), colour()("card")];
    for (let i = 0; i < SIDE * SIDE; i++) {
      const side = (answer[i] - centre) / spread;
      tint(image, i, ground, side < 0 ? negative : positive, Math.min(Math.abs(side) * 0.62, 1));
    }
    context.putImageData(image, 0, 0);
    over.replaceChildren(svg("path", { d: contour(answer, SIDE, centre), class: "level" }), ...points(frame, sample));
  };
  /** @param {import("./data.js").Frame} frame @param {number} chosen */
  const points = (frame, chosen) => {
    const { data, target, samples } = frame.structure;
    return Array.from({ length: samples }, (_, n) => {
      const [x, y] = [0, 1].map((k) => ((/** @type {number} */ (frame.number(/** @type {number} */ (data), 2 * n + k)) - low) / (high - low)) * 100);
      const first = target === null ? 0 : frame.number(target, n * Math.max(frame.structure.shapes[target].slice(1).reduce((a, b) => a * b, 1), 1)) ?? 0;
      const kind = first > centre ? "positive" : "negative";
      const choose = () => view.set({ sample: n });
      const attributes = { class: `sample ${kind}${n === chosen ? " on" : ""}`, onclick: choose };
      return first > centre ? svg("circle", { cx: x, cy: 100 - y, r: 3.4, ...attributes }) : svg("rect", { x: x - 3, y: 97 - y, width: 6, height: 6, ...attributes });
    });
  };
  const soon = painting(draw);
  view.subscribe((_, changed) => (changed.has("frame") || changed.has("sample")) && soon());
  return { repaint: draw };
}

/** One number for each place: the only unit, or how far the second of two logits is ahead. @param {any[]} row */
function decision(row) {
  if (row.length === 1) return Float64Array.from(row[0]);
  return Float64Array.from(row[0], (/** @type {number} */ first, /** @type {number} */ i) => 1 / (1 + Math.exp(first - row[1][i])));
}

/** A square that holds every recorded sample. @param {import("./data.js").Frame[]} frames */
function range(frames) {
  let [low, high] = [Infinity, -Infinity];
  for (const frame of frames) {
    const { data, samples } = frame.structure;
    for (let i = 0; i < 2 * samples; i++) {
      const x = frame.number(/** @type {number} */ (data), i) ?? NaN;
      if (x < low) low = x;
      if (x > high) high = x;
    }
  }
  const margin = 0.25 * (high - low || 1);
  return [low - margin, high + margin];
}

/** The middle of the targets and half their range: 0.5 ± 0.5 for classes 0 and 1. @param {import("./data.js").Frame[]} frames */
function answers(frames) {
  const { target, samples, shapes } = frames[0].structure;
  if (target === null) return [0.5, 0.5];
  const width = shapes[target].slice(1).reduce((a, b) => a * b, 1);
  const found = frames.flatMap((frame) => Array.from({ length: samples * width }, (_, i) => frame.number(target, i) ?? 0));
  const [low, high] = [Math.min(...found), Math.max(...found)];
  return [(low + high) / 2, (high - low) / 2 || 0.5];
}
