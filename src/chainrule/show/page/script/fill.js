// Fills the holes of MathML that Python wrote: which element is meant, and which number it has.

import { aligned, unravel } from "./places.js";
import { math } from "./dom.js";
import { mathNumber } from "./numbers.js";

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {{ value: number, at: number }} Place
 * @typedef {Record<string, Place | undefined>} Elements  "i", "o" and "x", see show/page/templates.py
 */

/**
 * @param {Element} root
 * @param {Frame} frame
 * @param {Elements} elements
 * @param {Record<string, number>} [quantities]  of the update, by name
 */
export function fill(root, frame, elements, quantities = {}) {
  for (const hole of root.querySelectorAll("[data-ref]")) {
    const value = Number(hole.getAttribute("data-ref"));
    const at = place(frame, elements[hole.getAttribute("data-element") ?? ""], value);
    if (at === null) continue;
    const shape = frame.structure.shapes[value];
    if (shape.length) hole.lastElementChild?.replaceWith(brackets(unravel(at, shape)));
    hole.setAttribute("data-link", `${value}:${at}`);
  }
  for (const hole of root.querySelectorAll("[data-slot]")) {
    const value = Number(hole.getAttribute("data-slot"));
    const at = place(frame, elements[hole.getAttribute("data-element") ?? ""], value);
    put(hole, at === null ? null : frame.number(value, at));
    if (at !== null) hole.setAttribute("data-link", `${value}:${at}`);
  }
  for (const hole of root.querySelectorAll("[data-quantity]")) {
    put(hole, quantities[hole.getAttribute("data-quantity") ?? ""] ?? null);
  }
}

/** A number with its exact value in the title; a result stands without brackets. @param {Element} hole @param {number | null} x */
function put(hole, x) {
  const alone = hole.previousElementSibling?.textContent === "(" && hole.nextElementSibling?.textContent === ")";
  hole.innerHTML = mathNumber(x, !alone && !hole.classList.contains("forward"));
  hole.setAttribute("title", String(x));
}

/** A formula that is one number. @param {number | null} x @param {string} role */
export function numberOf(x, role) {
  const element = math(`<math><mrow class="${role}"></mrow></math>`);
  const row = /** @type {Element} */ (element.firstElementChild);
  row.innerHTML = mathNumber(x);
  row.setAttribute("title", String(x));
  return element;
}

/** [2,0] after a symbol. @param {number[]} index */
function brackets(index) {
  const written = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mtext");
  written.textContent = `[${index.join(",")}]`;
  return written;
}

/** @param {Frame} frame @param {Place | undefined} element @param {number} value */
function place(frame, element, value) {
  if (!element) return null;
  if (element.value === value) return element.at;
  const index = unravel(element.at, frame.structure.shapes[element.value]);
  const shape = frame.structure.shapes[value];
  if (shape.length > index.length) return null;
  return aligned(index, shape);
}
