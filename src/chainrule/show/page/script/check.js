// Ours against autograd's, computed for the weight and the step in view.

import { h, math } from "./dom.js";
import { fixed, mathNumber } from "./numbers.js";

/** @typedef {import("./data.js").Frame} Frame */

/**
 * Ours against autograd's, for this weight of this step.
 * @param {Frame} frame
 * @param {number} value
 * @param {number} entry
 * @param {number | null} gradient
 * @param {number[] | null} parts
 */
export function check(frame, value, entry, gradient, parts) {
  const { symbol } = frame.structure.values[value];
  const lossSymbol = frame.structure.loss === null ? "<mi>L</mi>" : frame.structure.values[frame.structure.loss].symbol;
  const line = math(`<math><mrow><mfrac displaystyle="true" class="gradient"><mrow><mo form="prefix">∂</mo>${lossSymbol}</mrow><mrow><mo form="prefix">∂</mo>${symbol}</mrow></mfrac><mo>=</mo><mrow class="gradient total"></mrow></mrow></math>`);
  const total = /** @type {Element} */ (line.querySelector(".total"));
  total.innerHTML = mathNumber(gradient);
  total.setAttribute("title", String(gradient));
  const updated = frame.structure.parameters.find((parameter) => parameter.value === value);
  const received = updated?.received ?? null;
  if (gradient === null || received === null) return [h("div", { class: "line" }, line)];
  const autograd = frame.numbers[received + entry];
  const verdict = agreement(frame, gradient, autograd, parts);
  const said = verdict.holds ? `✓ equals what backward() left in .grad: ${fixed(autograd)}` : `✗ autograd has ${fixed(autograd)}`;
  return [
    h("div", { class: "line" }, line),
    h("p", { class: verdict.holds ? "check" : "check wrong" }, said, h("small", {}, ` difference ${verdict.difference === 0 ? "0" : verdict.difference.toExponential(1)}, rounding allows ${verdict.allowed.toExponential(1)}`)),
  ];
}

/**
 * The difference is judged by the size of what was added up, as breakdown/verify.py does. Where the shares of all
 * samples are not here, that size is at least what the recorded agreement of the whole step implies.
 * @param {Frame} frame
 * @param {number} ours
 * @param {number} autograd
 * @param {number[] | null} parts
 */
function agreement(frame, ours, autograd, parts) {
  const same = ours === autograd || (Number.isNaN(ours) && Number.isNaN(autograd));
  const difference = same ? 0 : Math.abs(ours - autograd);
  const size = Math.max(parts ? parts.reduce((a, b) => a + Math.abs(b), 0) : 0, Math.abs(ours));
  const allowed = Math.max(frame.tolerance, 2 ** -20) * size; // at least the rounding of float32, in which the page has both
  const within = difference <= allowed || (frame.agreement?.holds ?? false);
  return { difference, allowed, holds: within && Number.isFinite(difference) };
}
