// Pieces of MathML with holes, as show/page/templates.py writes them too.

/** @typedef {import("./data.js").Structure} Structure */

/** A value's symbol with the place of one element: z[2,0]. @param {Structure} structure @param {number} value @param {string} element */
export function ref(structure, value, element) {
  return `<mrow data-ref="${value}" data-element="${element}">${structure.values[value].symbol}<mrow></mrow></mrow>`;
}

/** The number of one element. @param {number} value @param {string} element @param {string} [role] */
export function slot(value, element, role = "") {
  return `<mrow class="${role}" data-slot="${value}" data-element="${element}"></mrow>`;
}

/** A whole formula. @param {...string} parts */
export function formula(...parts) {
  return `<math><mrow>${parts.join("")}</mrow></math>`;
}

/** What stands between <math> and </math>. @param {string} written */
export function inside(written) {
  return written.replace(/^<math[^>]*>|<\/math>$/g, "");
}
