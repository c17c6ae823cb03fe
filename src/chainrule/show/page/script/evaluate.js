// The network computed again for other inputs or other weights, for the maps. Every number may be a whole grid of them.

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./data.js").Structure} Structure
 * @typedef {number | Float64Array<ArrayBuffer>} Grid
 * @typedef {Grid[][]} Table  a row for each sample, a column for each unit; a parameter's rows are its first axis
 */

/**
 * A function of numbers, for grids of them: number by number where none of the parts is a grid.
 * @param {Grid[]} parts
 * @param {(...x: number[]) => number} f
 * @returns {Grid}
 */
function each(parts, f) {
  const length = parts.reduce((/** @type {number} */ n, part) => (typeof part === "number" ? n : part.length), 0);
  if (!length) return f(.../** @type {number[]} */ (parts));
  const out = new Float64Array(length);
  const [x, y, z] = parts.map((part) => (typeof part === "number" ? new Float64Array(length).fill(part) : part));
  if (parts.length === 1) for (let i = 0; i < length; i++) out[i] = f(x[i]);
  else if (parts.length === 2) for (let i = 0; i < length; i++) out[i] = f(x[i], y[i]);
  else for (let i = 0; i < length; i++) out[i] = f(x[i], y[i], z[i]);
  return out;
}

/** sum + x·y, in place where sum is a grid of its own: most of the work of a map. @param {Grid} sum @param {Grid} x @param {Grid} y @returns {Grid} */
function fused(sum, x, y) {
  if (typeof x === "number" && typeof y === "number") return each([sum, x * y], FUNCTIONS["+"]);
  const length = Math.max(typeof x === "number" ? 0 : x.length, typeof y === "number" ? 0 : y.length);
  const out = typeof sum === "number" ? new Float64Array(length).fill(sum) : sum;
  if (typeof x === "number") {
    const grid = /** @type {Float64Array} */ (y);
    for (let i = 0; i < length; i++) out[i] += x * grid[i];
  } else if (typeof y === "number") for (let i = 0; i < length; i++) out[i] += x[i] * y;
  else for (let i = 0; i < length; i++) out[i] += x[i] * y[i];
  return out;
}

/** @type {Record<string, (...x: number[]) => number>} the functions of formula/expression.py that are known here */
const FUNCTIONS = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "**": (a, b) => a ** b,
  ">": (a, b) => Number(a > b),
  ">=": (a, b) => Number(a >= b),
  "<": (a, b) => Number(a < b),
  "<=": (a, b) => Number(a <= b),
  neg: (a) => -a,
  where: (condition, a, b) => (condition ? a : b),
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  atan: Math.atan,
  abs: Math.abs,
  sign: Math.sign,
  max: Math.max,
  min: Math.min,
  sigma: (a) => 1 / (1 + Math.exp(-a)),
};

/**
 * A formula of formula/expression.py, computed.
 * @param {any} formula
 * @param {(name: string) => Grid} symbol
 * @returns {Grid}
 */
export function compute(formula, symbol) {
  if (typeof formula === "number") return formula;
  const [head, ...parts] = formula;
  if (head === "symbol") return symbol(parts[0]);
  if (head === "call") return each(parts.slice(1).map((/** @type {any} */ part) => compute(part, symbol)), FUNCTIONS[parts[0]]);
  return each(parts.map((/** @type {any} */ part) => compute(part, symbol)), FUNCTIONS[head]);
}

/** @param {any} formula @returns {boolean} */
function known(formula) {
  if (typeof formula === "number" || formula[0] === "symbol") return true;
  const [head, ...parts] = formula[0] === "call" ? formula.slice(1) : formula;
  return head in FUNCTIONS && parts.every(known);
}

/** Whether every call can be computed again from what the page has. @param {Structure} structure */
export function computable(structure) {
  const kept = structure.values.every((value) => value.kind === "result" || value.number !== null);
  return kept && structure.calls.every(({ compute: how }) => how && (how.kind !== "map" || known(how.formula)));
}

/**
 * All values of a step, computed from its data and parameters.
 * @param {Frame} frame
 * @param {Map<number, Table>} given  replaces data or parameters, by position
 * @param {number | null} until  the value that is wanted; the loss where null
 * @returns {Table}
 */
export function evaluate(frame, given, until = null) {
  const { structure } = frame;
  const wanted = until ?? /** @type {number} */ (structure.loss);
  const tables = new Map(given);
  const table = (/** @type {number} */ value) => {
    if (!tables.has(value)) tables.set(value, recorded(frame, value));
    return /** @type {Table} */ (tables.get(value));
  };
  for (const { compute: how, output } of structure.calls) {
    if (how.kind === "product") tables.set(output, product(how, table));
    else if (how.kind === "map") tables.set(output, mapped(how, table));
    else tables.set(output, [[total(table(how.input), how.kind === "mean")]]);
    if (output === wanted) break;
  }
  return table(wanted);
}

/** @param {Frame} frame @param {number} value @returns {Table} */
export function recorded(frame, value) {
  const shape = frame.structure.shapes[value];
  const width = shape.length > 1 ? shape.slice(1).reduce((a, b) => a * b, 1) : shape[0] ?? 1;
  const rows = shape.length > 1 ? shape[0] : 1;
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: width }, (_, j) => /** @type {number} */ (frame.number(value, i * width + j))),
  );
}

/** @param {any} how @param {(value: number) => Table} table @returns {Table} */
function product(how, table) {
  const [first, second] = how.letters.map((/** @type {string} */ letters) => letters.replaceAll(".", ""));
  const rows = table(how.operands[0]);
  const weight = table(how.operands[1]);
  const summed = first[first.length - 1];
  const across = second[0] === summed; // [k, m] rather than [m, k]
  const units = across ? weight[0].length : weight.length;
  const added = how.added === null ? null : table(how.added);
  return rows.map((row) =>
    Array.from({ length: units }, (_, m) => {
      const start = added === null ? 0 : added[0][added[0].length === 1 ? 0 : m];
      let sum = typeof start === "number" ? start : start.slice();
      row.forEach((x, k) => (sum = fused(sum, x, across ? weight[k][m] : weight[m][k])));
      return sum;
    }),
  );
}

/** @param {any} how @param {(value: number) => Table} table @returns {Table} */
function mapped(how, table) {
  const names = Object.keys(how.arguments);
  /** @type {Record<string, Table>} */
  const tables = {};
  for (const name of names) {
    const { value, number } = how.arguments[name];
    tables[name] = value === undefined ? [[number]] : table(value);
  }
  const rows = Math.max(1, ...names.map((name) => tables[name].length));
  const units = Math.max(1, ...names.map((name) => tables[name][0].length));
  const out = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: units }, (_, j) =>
      compute(how.formula, (name) => {
        const row = tables[name][tables[name].length === 1 ? 0 : i];
        return row[row.length === 1 ? 0 : j];
      }),
    ),
  );
  return how.reduction === "none" ? out : [[total(out, how.reduction === "mean")]];
}

/** @param {Table} table @param {boolean} mean @returns {Grid} */
function total(table, mean) {
  const parts = table.flat();
  const sum = parts.reduce((a, b) => each([a, b], FUNCTIONS["+"]));
  return mean ? each([sum, parts.length], FUNCTIONS["/"]) : sum;
}
