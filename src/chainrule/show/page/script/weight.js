// The right-hand side: one weight's gradient in four numbered steps, every number that of the step in view.

import { bars, product, recursion } from "./backward.js";
import { check } from "./check.js";
import { h, math, painting } from "./dom.js";
import { numberOf } from "./fill.js";
import { forward } from "./forward.js";
import { fixed } from "./numbers.js";
import { partials } from "./partials.js";
import { patch } from "./patch.js";
import { unravel } from "./places.js";
import { isChain, shares, trace } from "./trace.js";
import { optimizerOf, update } from "./update.js";

/** @typedef {import("./data.js").Frame} Frame */

/**
 * @param {Element} host
 * @param {import("./store.js").View} view
 * @param {Frame[]} frames
 */
export function weight(host, view, frames) {
  const laidOut = painting(() => reachable(host));
  view.subscribe((state, changed) => {
    if (changed.size === 1 && changed.has("mode")) return;
    const frame = frames[state.frame];
    const value = frame.structure.named.get(state.weight);
    patch(host, value === undefined ? [h("p", { class: "muted" }, state.weight ? `${state.weight} took no part in this step.` : "The numbers of this network’s parameters are too many for the page: chainrule explain shows them.")] : panel(frame, value, state, view));
    laidOut();
  });
}

/** Formulas that are wider than the card scroll, and then the keyboard must reach them. @param {Element} host */
function reachable(host) {
  const lines = [...host.querySelectorAll(".line, .factors li")];
  const wide = lines.map((line) => line.scrollWidth > line.clientWidth + 1); // all read before any is written
  lines.forEach((line, i) => {
    if (wide[i] === line.hasAttribute("tabindex")) return;
    if (wide[i]) line.setAttribute("tabindex", "0");
    else line.removeAttribute("tabindex");
  });
}

/**
 * @param {Frame} frame
 * @param {number} value
 * @param {import("./store.js").State} state
 * @param {import("./store.js").View} view
 */
function panel(frame, value, state, view) {
  const { structure } = frame;
  const parts = shares(frame, value, state.entry);
  const sample = parts === null ? null : state.sample;
  const levels = trace(frame, value, state.entry, sample, state.path);
  const gradient = frame.gradient(value, state.entry);
  const { name, symbol, shape } = structure.values[value];
  const index = unravel(state.entry, structure.shapes[value]);
  const written = shape.length ? `${name}[${index.join(",")}]` : name;
  return [
    h(
      "div",
      { class: "weight" },
      h("div", { class: "weight-symbol" }, symbolOf(symbol, index)),
      h("div", { class: "weight-name" }, h("h2", {}, written), h("p", {}, ...sentence(gradient))),
      h("div", { class: "weight-gradient" }, h("span", {}, "gradient"), numberOf(gradient, "gradient")),
    ),
    section(1, "forward", "Forward", "what the network computed", forward(frame, levels)),
    section(2, "gradient", "Partial derivatives", "each part’s own slope, from the loss back", partials(frame, levels)),
    section(3, "gradient", "Chain rule", "multiply along the path, add over paths and samples", [
      ...(isChain(levels) ? product(frame, levels, sample) : recursion(frame, levels, sample, view)),
      ...(parts === null ? [] : bars(frame, parts, gradient, state, view)),
      ...check(frame, value, state.entry, gradient, parts),
    ]),
    section(4, "update", "Update", optimizerOf(frame, state.weight), update(frame, state.weight, state.entry)),
  ];
}

/** @param {number} number @param {string} role @param {string} title @param {string} note @param {Node[]} body */
function section(number, role, title, note, body) {
  const head = h("h3", {}, h("span", { class: `badge ${role}` }, String(number)), h("span", { class: role }, title), h("small", {}, note));
  return h("section", { class: "part" }, head, h("div", { class: "body" }, ...body));
}

/** @param {string} symbol @param {number[]} index */
function symbolOf(symbol, index) {
  const place = index.length ? `<mtext>[${index.join(",")}]</mtext>` : "";
  return math(`<math><mrow>${symbol}${place}</mrow></math>`);
}

/** @param {number | null} gradient @returns {(Node | string)[]} */
function sentence(gradient) {
  if (gradient === null) return ["Its gradient is not in this page."];
  if (!Number.isFinite(gradient)) return [`Its gradient is ${fixed(gradient)}: nothing can be learned from this step.`];
  if (gradient === 0) return ["Moving it a little does not change the loss: its gradient is exactly zero."];
  const moves = gradient > 0 ? "rises" : "falls";
  return [`Raise it by 0.01 and the loss ${moves} by about `, h("b", {}, fixed(Math.abs(gradient) * 0.01, 5)), "."];
}
