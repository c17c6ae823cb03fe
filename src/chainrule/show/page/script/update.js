// Step 4: what the optimizer made of the gradient, its rule computed line by line.

import { h, math } from "./dom.js";
import { compute } from "./evaluate.js";
import { fill, numberOf } from "./fill.js";
import { fixed } from "./numbers.js";

/** @typedef {import("./data.js").Frame} Frame */

/** @param {Frame} frame @param {string} weight */
export function optimizerOf(frame, weight) {
  const parameter = frame.structure.updated(weight);
  if (!parameter) return "no optimizer moved it";
  const settings = parameter.settings.map((setting) => `${setting.text} = ${Number(frame.numbers[setting.at].toPrecision(6))}`);
  return [parameter.optimizer || "no optimizer", ...settings].join("  ");
}

/** @param {Frame} frame @param {string} weight @param {number} entry @returns {Node[]} */
export function update(frame, weight, entry) {
  const parameter = frame.structure.updated(weight);
  if (!parameter) return [];
  const { numbers } = frame;
  const before = frame.number(parameter.value, entry);
  const after = parameter.after === null ? null : numbers[parameter.after + entry];
  const used = parameter.used === null ? null : numbers[parameter.used + entry];
  const received = parameter.received === null ? null : numbers[parameter.received + entry];
  const parts = [];
  if (used !== null && received !== null && Math.abs(used - received) > 1e-5 * Math.abs(received)) {
    parts.push(h("p", { class: "warning" }, `The optimizer used the gradient ${fixed(used)}: clipped, scaled or accumulated.`));
  }
  /** @type {Record<string, number>} */
  const quantities = {};
  for (const [name, { at, single }] of Object.entries(parameter.quantities)) quantities[name] = numbers[at + (single ? 0 : entry)];
  const complete = parameter.lines.every((line) => line.formula !== null) && Object.values(parameter.quantities).some((q) => !q.single);
  let result = null;
  for (const line of parameter.lines) {
    const numeric = math(line.numeric);
    if (complete) {
      fill(numeric, frame, {}, quantities);
      result = Number(compute(line.formula, (name) => quantities[name]));
      quantities[line.name] = result;
    }
    parts.push(h("div", { class: "line" }, math(line.symbolic)));
    if (complete) parts.push(h("div", { class: "line" }, h("span", { class: "equals" }, "= "), numeric, h("span", { class: "equals" }, " = "), numberOf(result, "update")));
  }
  if (!complete) parts.push(h("div", { class: "line" }, numberOf(before, ""), " → ", numberOf(after, "update")));
  if (parameter.reason) parts.push(h("p", { class: "muted" }, parameter.reason));
  if (complete && result !== null && after !== null) {
    const gap = Math.abs(result - after);
    const holds = gap <= 1e-5 * Math.max(Math.abs(after), Math.abs((before ?? 0) - after), 1e-30) || (frame.agreement?.holds ?? false);
    parts.push(h("p", { class: holds ? "check" : "check wrong", title: String(after) }, `${holds ? "✓" : "✗"} the optimizer wrote ${fixed(after)}`));
  }
  return parts;
}
