// How the gradient and the update fare from layer to layer, each on a logarithmic scale.

import { h } from "./dom.js";
import { fixed } from "./numbers.js";

/**
 * @param {HTMLElement} host
 * @param {import("./store.js").View} view
 * @param {import("./data.js").Frame[]} frames
 */
export function flow(host, view, frames) {
  const body = h("tbody");
  const head = ["parameter", "‖weight‖", "‖gradient‖", "‖change‖/‖weight‖"].map((title) => h("th", { scope: "col" }, title));
  host.append(h("div", { class: "flow", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, ...head)), body)));
  /** @type {import("./data.js").Structure | null} */
  let built = null;
  /** @type {((frame: import("./data.js").Frame) => void)[]} */
  let rows = [];
  view.subscribe((state) => {
    const frame = frames[state.frame];
    if (built !== frame.structure) {
      built = frame.structure;
      rows = [];
      body.replaceChildren(...built.parameters.map((parameter) => row(parameter, view, rows, frames)));
    }
    for (const show of rows) show(frame);
  });
}

/**
 * @param {import("./data.js").Parameter} parameter
 * @param {import("./store.js").View} view
 * @param {((frame: import("./data.js").Frame) => void)[]} rows
 * @param {import("./data.js").Frame[]} frames
 */
function row(parameter, view, rows, frames) {
  const structure = frames[view.get().frame].structure;
  const { name, gradient } = structure.values[parameter.value];
  const cells = ["", "gradient", "update"].map((role) => ({ text: h("span"), bar: h("i", { class: role }) }));
  const label = gradient === null ? h("span", {}, name) : h("button", { onclick: () => view.set({ weight: name, entry: 0 }) }, name);
  const line = h("tr", {}, h("th", { scope: "row" }, label), ...cells.map(({ text, bar }) => h("td", {}, text, bar)));
  rows.push((frame) => {
    const [weight, slope, moved] = [0, 1, 2].map((i) => frame.numbers[parameter.flow + i]);
    [weight, slope, moved / weight].forEach((x, i) => {
      cells[i].text.textContent = fixed(x);
      cells[i].bar.style.width = `${x > 0 && Number.isFinite(x) ? Math.max(2, Math.min(60, 45 + 9 * Math.log10(x))) : 0}px`;
    });
    line.classList.toggle("on", view.get().weight === name);
  });
  return line;
}
