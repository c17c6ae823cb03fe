// What ties the parts together: the address of the page, the keyboard, and what lights up together.

import { ravel, unravel } from "./places.js";
import { shares } from "./trace.js";

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./store.js").State} State
 */

const ADDRESS = /^(.*?)(?:\[([\d,\s]*)\])?$/s;

/**
 * Where to begin: at what the address says, #t=150&w=fc.weight[0,1]&n=2&m=backward, else at a telling place.
 * @param {Frame[]} frames
 * @param {string} hash
 * @returns {State}
 */
export function start(frames, hash) {
  const asked = new URLSearchParams(hash.slice(1));
  const step = asked.has("t") ? Number(asked.get("t")) : NaN;
  const last = frames.length - 1;
  const frame = Number.isFinite(step) ? nearest(frames, step) : last;
  const weight = named(frames[frame], asked.get("w") ?? "") ?? telling(frames[frame]);
  const found = shares(frames[frame], frames[frame].structure.named.get(weight.weight) ?? 0, weight.entry);
  const best = found ? found.reduce((a, share, n) => (Math.abs(share) > Math.abs(found[a]) ? n : a), 0) : 0;
  const wanted = Number(asked.get("n") ?? best);
  const sample = Number.isInteger(wanted) && wanted >= 0 && wanted < frames[frame].structure.samples ? wanted : 0;
  const mode = /** @type {any} */ ({ backward: "backward", update: "update" })[asked.get("m") ?? ""] ?? "forward";
  return { frame, sample, ...weight, mode, path: [] };
}

/** The recorded step nearest to one. @param {Frame[]} frames @param {number} step */
export const nearest = (frames, step) => frames.reduce((best, frame, i) => (Math.abs(frame.step - step) < Math.abs(frames[best].step - step) ? i : best), 0);

/** fc.weight[0,1] in a step. @param {Frame} frame @param {string} written */
function named(frame, written) {
  const [, name, place = ""] = ADDRESS.exec(written) ?? [];
  const value = frame.structure.named.get(name);
  if (value === undefined || frame.structure.values[value].gradient === null) return null;
  const { shape } = frame.structure.values[value];
  const index = place.trim() ? place.split(",").map(Number) : shape.map(() => 0);
  const fits = index.length === shape.length && index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]);
  return fits ? { weight: name, entry: ravel(index, shape) } : null;
}

/** The weight with the largest gradient of the first matrix. @param {Frame} frame */
function telling(frame) {
  const { structure } = frame;
  const weights = structure.weights();
  const value = weights.find((position) => structure.values[position].shape.length > 1) ?? weights[0];
  if (value === undefined) return { weight: "", entry: 0 };
  const count = structure.values[value].shape.reduce((a, b) => a * b, 1);
  let entry = 0;
  for (let i = 1; i < count; i++) {
    if (Math.abs(frame.gradient(value, i) ?? 0) > Math.abs(frame.gradient(value, entry) ?? 0)) entry = i;
  }
  return { weight: structure.values[value].name, entry };
}

/**
 * The address follows what is in view, and what is in view follows the address.
 * @param {{ get: () => State, set: (change: Partial<State>) => void, subscribe: (f: (state: State) => void) => void }} view
 * @param {Frame[]} frames
 */
export function linked(view, frames) {
  let waiting = 0;
  view.subscribe((state) => {
    clearTimeout(waiting); // browsers limit how often the address may change
    waiting = setTimeout(() => {
      const { structure, step } = frames[state.frame];
      const value = structure.named.get(state.weight);
      const shape = value === undefined ? [] : structure.values[value].shape;
      const weight = shape.length ? `${state.weight}[${unravel(state.entry, shape).join(",")}]` : state.weight;
      const mode = state.mode === "forward" ? "" : `&m=${state.mode}`;
      const written = `#t=${step}&w=${encodeURIComponent(weight).replace(/%5B/g, "[").replace(/%5D/g, "]").replace(/%2C/g, ",")}&n=${state.sample}${mode}`;
      try {
        history.replaceState(null, "", written);
      } catch {
        // a page inside a notebook's frame has no address of its own
      }
    }, 200);
  });
  addEventListener("hashchange", (event) => {
    view.set(start(frames, new URL(event.newURL).hash)); // not location.hash: that may have been written over since
  });
}

/**
 * Arrow keys move in time, 1 to 3 switch between the steps, space plays.
 * @param {HTMLElement} root
 * @param {{ set: (change: Partial<State>) => void }} view
 * @param {{ move: (by: number) => void, toggle: () => void }} clock
 */
export function keys(root, view, clock) {
  root.ownerDocument.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const elsewhere = !root.isConnected || (target !== root.ownerDocument.body && !root.contains(target));
    if (elsewhere || event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(target.tagName)) return;
    const pressed = event.key;
    if (pressed === "ArrowRight") clock.move(event.shiftKey ? 10 : 1);
    else if (pressed === "ArrowLeft") clock.move(event.shiftKey ? -10 : -1);
    else if (pressed === "Home") clock.move(-Infinity);
    else if (pressed === "End") clock.move(Infinity);
    else if (pressed === " " && !target.closest("button, summary, [role=button]")) clock.toggle();
    else if (pressed in MODES) view.set({ mode: MODES[pressed] });
    else return;
    event.preventDefault();
  });
}

/** @type {Record<string, State["mode"]>} */
const MODES = { 1: "forward", 2: "backward", 3: "update" };

/** What stands for the same number lights up together. @param {HTMLElement} root */
export function lights(root) {
  const light = (/** @type {Event} */ event, /** @type {boolean} */ on) => {
    const source = /** @type {Element} */ (event.target).closest?.("[data-link], [data-links]");
    if (!source) return;
    const keys = (source.getAttribute("data-link") ?? source.getAttribute("data-links") ?? "").split(" ");
    for (const key of keys) {
      for (const twin of root.querySelectorAll(`[data-link="${key}"], [data-links~="${key}"]`)) twin.classList.toggle("lit", on);
    }
  };
  for (const [name, on] of /** @type {[string, boolean][]} */ ([["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]])) {
    root.addEventListener(name, (event) => light(event, on));
  }
}
