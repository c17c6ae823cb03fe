// Step 2: each part's own slope, from the loss back to the weight.

import { h, math } from "./dom.js";
import { fill, numberOf } from "./fill.js";
import { followed } from "./trace.js";

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./trace.js").Level} Level
 * @typedef {import("./trace.js").Term} Term
 */

/** @param {Frame} frame @param {Level[]} levels @returns {Node[]} */
export function partials(frame, levels) {
  const rows = followed(levels)
    .reverse()
    .map(({ level, term }) => {
      const element = term.link.partial ? math(term.link.partial) : h("span", {}, `∂ through ${frame.structure.calls[term.link.call].name}`);
      fill(element, frame, elementsOf(level, term));
      const many = level.terms.length > 1 ? `the ${level.chosen === 0 ? "largest" : "chosen one"} of ${level.terms.length} paths` : term.link.why;
      return h("li", {}, element, h("span", { class: "equals" }, "="), h("span", { class: "factor" }, numberOf(term.partial, "gradient")), h("span", { class: "why" }, many));
    });
  const last = levels[levels.length - 1];
  const open = last && (!last.known || !last.terms.length) && last.value !== frame.structure.loss;
  return [h("ul", { class: "factors" }, ...rows), ...(open ? [unknown(frame, last)] : [])];
}

/** @param {Frame} frame @param {Level} level */
function unknown(frame, level) {
  const calls = (frame.structure.uses.get(level.value) ?? []).filter((link) => !link.pattern).map((link) => frame.structure.calls[link.call]);
  const names = calls.map((call) => (call.rule === null ? `${call.name} (opaque, autograd’s own)` : call.name)).join(", ");
  return h("p", { class: "muted" }, `The path goes on through ${names || "numbers that this page does not keep"}; its gradient is known, its single terms are not in this page.`);
}

/** @param {Level} level @param {Term} term */
function elementsOf(level, term) {
  const other = term.other === null ? undefined : { value: term.link.pattern.other, at: term.other };
  return { i: { value: level.value, at: level.at }, o: { value: term.output, at: term.at }, x: other };
}
