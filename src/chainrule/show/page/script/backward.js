// Step 3: the chain rule. Multiply along the path, add over the paths and the samples.

import { h, math } from "./dom.js";
import { numberOf } from "./fill.js";
import { fixed, mathNumber } from "./numbers.js";
import { unravel } from "./places.js";
import { sampleName } from "./sample.js";
import { followed } from "./trace.js";

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./trace.js").Level} Level
 * @typedef {import("./trace.js").Term} Term
 */

const TERMS = 5; // the largest terms of a sum that are written out
const BARS = 16;

/** ∂L/∂w = ∂L/∂ŷ · ∂ŷ/∂z · … for the sample in view. @param {Frame} frame @param {Level[]} levels @param {number | null} sample */
export function product(frame, levels, sample) {
  const path = followed(levels).reverse();
  if (!path.length) return [];
  const factor = (/** @type {{ level: Level, term: Term }} */ { level, term }) => {
    const { values } = frame.structure;
    return `<mfrac displaystyle="true"><mrow><mo form="prefix">∂</mo><mrow data-link="${term.output}:${term.at}">${values[term.output].symbol}</mrow></mrow><mrow><mo form="prefix">∂</mo><mrow data-link="${level.value}:${level.at}">${values[level.value].symbol}</mrow></mrow></mfrac>`;
  };
  const symbols = math(`<math><mrow class="gradient">${path.map(factor).join("<mo>⋅</mo>")}</mrow></math>`);
  const numbers = path.map(({ term }) => `<mrow class="gradient factor-number" title="${term.partial}">${mathNumber(term.partial, true)}</mrow>`).join("<mo>⋅</mo>");
  const share = levels[0].terms[0].product;
  const result = math(`<math><mrow>${numbers}<mo>=</mo><mrow class="gradient share" title="${share}">${mathNumber(share)}</mrow></mrow></math>`);
  const whose = sample === null ? "the gradient" : `the share of sample ${sample}`;
  return [h("p", { class: "whose" }, whose), h("div", { class: "line" }, symbols), h("div", { class: "line" }, result)];
}

/**
 * δ of each number on the path as the sum of its terms; another term can be followed instead.
 * @param {Frame} frame
 * @param {Level[]} levels
 * @param {number | null} sample
 * @param {import("./store.js").View} view
 */
export function recursion(frame, levels, sample, view) {
  const lines = levels.map((level, depth) => {
    const gradient = depth === 0 && sample !== null ? "share" : "delta";
    const shown = level.terms.slice(0, TERMS);
    if (level.chosen >= TERMS) shown[TERMS - 1] = level.terms[level.chosen];
    const rest = level.gradient - shown.reduce((sum, term) => sum + term.product, 0);
    const more = level.terms.length - shown.length;
    const buttons = shown.map((term) => {
      const order = level.terms.indexOf(term);
      const follow = () => view.set({ path: [...levels.slice(0, depth).map((above) => above.chosen), order] });
      const upstream = term.output === frame.structure.loss ? "" : "<mo>⋅</mo>" + delta(frame, term.output, term.at);
      const element = math(`<math><mrow><mrow class="gradient" title="${term.partial}">${mathNumber(term.partial, true)}</mrow>${upstream}</mrow></math>`);
      if (level.terms.length === 1) return h("span", { class: "term only", "data-product": term.product }, element);
      const chosen = order === level.chosen;
      return h("button", { class: chosen ? "term on" : "term", "aria-pressed": chosen, "data-product": term.product, title: `= ${term.product}; follow this term`, onclick: follow }, element);
    });
    const left = gradient === "share" ? h("span", { class: "left" }, "share") : h("span", { class: "left" }, math(`<math>${delta(frame, level.value, level.at)}</math>`));
    const tail = more > 0 ? h("span", { class: "muted", "data-product": rest }, `+ ${more} more: ${fixed(rest)}`) : !level.known ? h("span", { class: "muted" }, "sent by its calls") : null;
    return h("div", { class: "delta", "data-gradient": level.gradient }, left, h("span", {}, "="), joined(buttons), tail, h("span", {}, "="), numberOf(level.gradient, "gradient"));
  });
  const branches = levels.some((level) => level.terms.length > 1);
  const note = `δ(x) is the gradient of the loss by x, a sum over what x enters.${branches ? " Choose a term to follow it." : ""}`;
  return [...lines, h("p", { class: "muted" }, note)];
}

/** @param {Frame} frame @param {number} value @param {number} at */
function delta(frame, value, at) {
  const { shapes, values } = frame.structure;
  const index = shapes[value].length ? `<mtext>[${unravel(at, shapes[value]).join(",")}]</mtext>` : "";
  return `<mrow><mi>δ</mi><mo>(</mo><mrow data-link="${value}:${at}">${values[value].symbol}${index}</mrow><mo>)</mo></mrow>`;
}

/** Terms with plus signs between them. @param {HTMLElement[]} terms */
function joined(terms) {
  return h("span", { class: "terms" }, ...terms.flatMap((term, i) => (i ? [h("span", { class: "plus" }, "+"), term] : [term])));
}

/**
 * @param {Frame} frame
 * @param {number[]} parts
 * @param {number | null} gradient
 * @param {import("./store.js").State} state
 * @param {import("./store.js").View} view
 */
export function bars(frame, parts, gradient, state, view) {
  const largest = Math.max(...parts.map(Math.abs).filter(Number.isFinite), 1e-300);
  const rows = parts.slice(0, BARS).map((share, n) => {
    const width = Number.isFinite(share) ? (Math.abs(share) / largest) * 50 : 0;
    const bar = h("i", { style: `left:${share < 0 ? 50 - width : 50}%;width:${width}%` });
    const choose = () => view.set({ sample: n });
    const label = h("button", { "aria-pressed": n === state.sample, onclick: choose }, sampleName(frame, n));
    return h("tr", { class: n === state.sample ? "on" : null, onclick: choose }, h("td", {}, label), h("td", { class: "bar" }, bar), h("td", { class: "share-number", title: String(share) }, fixed(share)));
  });
  const total = parts.reduce((a, b) => a + b, 0);
  const others = (frame.structure.count ?? parts.length) - parts.length;
  if (others > 0 && gradient !== null) {
    rows.push(h("tr", { class: "rest" }, h("td", {}, `${others} more samples`), h("td", {}), h("td", { class: "share-number", title: String(gradient - total) }, fixed(gradient - total))));
  }
  const size = parts.reduce((a, b) => a + Math.abs(b), 0);
  const ratio = Math.abs(total) / size;
  const note = others <= 0 && size > 0 && ratio < 0.05 ? [h("p", { class: "warning" }, `The shares cancel: their sum is ${fixed(100 * ratio, 2)} % of their sizes.`)] : [];
  return [h("table", { class: "shares" }, h("caption", {}, "each sample’s share; together they are the gradient"), h("tbody", {}, ...rows)), ...note];
}
