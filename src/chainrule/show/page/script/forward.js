// Step 1: what the network computed on the way from the weight to the loss.

import { h, math } from "./dom.js";
import { fill } from "./fill.js";
import { formula, inside, ref, slot } from "./markup.js";
import { mathNumber } from "./numbers.js";
import { unravel } from "./places.js";
import { followed } from "./trace.js";

const [PLUS, EQUALS] = ["+", "="].map((sign) => `<mo form="infix">${sign}</mo>`); // also where a line breaks before it

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./trace.js").Level} Level
 */

/** @param {Frame} frame @param {Level[]} levels @returns {Node[]} */
export function forward(frame, levels) {
  const { structure } = frame;
  const lines = followed(levels).flatMap(({ term }) => {
    const call = structure.calls[term.link.call];
    const out = { value: term.output, at: term.at };
    if (call.forward) return [[filled(call.forward, frame, { o: out })]];
    const linear = call.links.find((link) => link.pattern?.kind === "product");
    if (linear) return sum(frame, call, linear, out);
    if (term.output === structure.loss) return [[loss(frame, call)]];
    return plain(frame, call, out);
  });
  if (!lines.length && levels.length) lines.push(...uses(frame, levels[0].value));
  return lines.map((line) => h("div", { class: "line" }, ...line));
}

/**
 * The call's formula, and the one number that it gave.
 * @param {Frame} frame
 * @param {import("./data.js").Call} call
 * @param {{ value: number, at: number }} out
 * @returns {Element[][]}
 */
function plain(frame, call, out) {
  const result = formula(ref(frame.structure, out.value, "o"), EQUALS, slot(out.value, "o", "forward"));
  return [[math(call.formula)], [filled(result, frame, { o: out })]];
}

/** @param {string} written @param {Frame} frame @param {import("./fill.js").Elements} elements */
function filled(written, frame, elements) {
  const element = math(written);
  fill(element, frame, elements);
  return element;
}

/**
 * z = Σ x·W + b for one z, in symbols and in numbers; of a long sum the largest terms. Each term is a formula of its
 * own, so that a long line can break.
 * @param {Frame} frame
 * @param {import("./data.js").Call} call
 * @param {import("./data.js").Link} linear
 * @param {{ value: number, at: number }} out
 * @returns {Element[][]}
 */
function sum(frame, call, linear, out) {
  const { structure } = frame;
  const pairs = factors(frame, linear, out);
  const { operands, added } = call.compute ?? { operands: [linear.value, linear.pattern.other], added: null };
  const [first, second] = operands[0] === linear.value ? ["i", "x"] : ["x", "i"];
  if (pairs.some(({ product }) => Number.isNaN(product))) return plain(frame, call, out); // numbers that are not here
  const long = pairs.length > 3;
  const shown = long ? [...pairs].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, 2) : pairs;
  const rest = pairs.length - shown.length;
  const terms = (/** @type {(value: number, element: string) => string} */ write) =>
    shown.map(({ mine, other }, k) => {
      const sign = k ? PLUS : EQUALS;
      return filled(formula(sign, write(operands[0], first), "<mo>⋅</mo>", write(operands[1], second)), frame, { i: mine, x: other });
    });
  const bias = (/** @type {(value: number, element: string) => string} */ write) =>
    added === null ? [] : [filled(formula(PLUS, write(added, "o")), frame, { o: out })];
  const name = (/** @type {number} */ value, /** @type {string} */ element) => ref(structure, value, element);
  const left = filled(formula(name(out.value, "o")), frame, { o: out });
  const symbols = structure.values;
  const whole = `${EQUALS}<munder><mo>∑</mo><mi>k</mi></munder>${symbols[operands[0]].symbol}<mo>⋅</mo>${symbols[operands[1]].symbol}`;
  const restSum = pairs.reduce((a, pair) => a + pair.product, 0) - shown.reduce((a, pair) => a + pair.product, 0);
  const more = rest ? [math(formula(PLUS, mathNumber(restSum, true))), h("span", { class: "muted" }, ` (${rest} more) `)] : [];
  const result = filled(formula(EQUALS, slot(out.value, "o", "forward")), frame, { o: out });
  return [
    [left, ...(long ? [math(formula(whole))] : terms(name)), ...bias(name)],
    [...terms(slot), ...more, ...bias(slot), result],
  ];
}

/** The products that one output of a linear call is the sum of. */
function factors(/** @type {Frame} */ frame, /** @type {import("./data.js").Link} */ linear, /** @type {{ value: number, at: number }} */ out) {
  const { shapes } = frame.structure;
  const [mine, theirs, outer] = linear.pattern.letters;
  const place = Object.fromEntries(unravel(out.at, shapes[out.value]).map((i, axis) => [outer[axis], i]));
  const summed = [...mine].find((letter) => theirs.includes(letter) && !outer.includes(letter)) ?? "";
  const length = summed ? shapes[linear.value][mine.indexOf(summed)] : 1;
  return Array.from({ length }, (_, k) => {
    const at = (/** @type {string} */ letters, /** @type {number[]} */ shape) =>
      shape.reduce((flat, size, axis) => flat * size + (size === 1 ? 0 : letters[axis] === summed ? k : place[letters[axis]]), 0);
    const first = { value: linear.value, at: at(mine, shapes[linear.value]) };
    const other = { value: linear.pattern.other, at: at(theirs, shapes[linear.pattern.other]) };
    const product = (frame.number(first.value, first.at) ?? NaN) * (frame.number(other.value, other.at) ?? NaN);
    return { mine: first, other, product };
  });
}

/** @param {Frame} frame @param {import("./data.js").Call} call */
function loss(frame, call) {
  const { symbol } = frame.structure.values[call.output];
  const body = call.definition ? `${symbol}<mo>=</mo>${inside(call.definition)}` : inside(call.formula);
  return filled(formula(body, EQUALS, slot(call.output, "o", "forward")), frame, { o: { value: call.output, at: 0 } });
}

/** The calls that a weight enters, where its path cannot be followed. @param {Frame} frame @param {number} value */
function uses(frame, value) {
  return (frame.structure.uses.get(value) ?? []).map((link) => [math(frame.structure.calls[link.call].formula)]);
}
