// Whether a structure is a plain chain of layers, narrow enough to be drawn as nodes and edges.

/**
 * @typedef {import("./data.js").Structure} Structure
 * @typedef {{ before: number | null, after: number, units: number, label: string }} Column  the pre-activation, and
 *   what leaves the layer
 * @typedef {{ weight: number, bias: number | null, across: boolean }} Join  `across`: weight[from, to], not [to, from]
 */

const UNITS = 12;
const EDGES = 48;

/**
 * @param {Structure} structure
 * @returns {{ columns: Column[], joins: Join[] } | null}
 */
export function chain(structure) {
  const { data, prediction, calls, values } = structure;
  if (data === null || prediction === null || values[data].shape.length !== 2) return null;
  /** @type {Column[]} */
  const columns = [{ before: null, after: data, units: values[data].shape[1], label: "input" }];
  /** @type {Join[]} */
  const joins = [];
  let now = data;
  for (const call of calls) {
    const how = call.compute;
    if (now === prediction && !call.inputs.includes(now)) return null;
    if (now === prediction) break;
    if (!how || !call.inputs.includes(now)) return null;
    if (how.kind === "product") {
      const [x, weight] = how.operands;
      if (x !== now || values[weight].kind !== "parameter" || values[weight].shape.length !== 2) return null;
      const letters = how.letters.map((/** @type {string} */ part) => part.replaceAll(".", ""));
      const units = values[call.output].shape[1];
      joins.push({ weight, bias: how.added, across: letters[1][0] === letters[0].at(-1) });
      columns.push({ before: null, after: call.output, units, label: call.module.split(".").at(-1) ?? "" });
    } else if (how.kind === "map" && how.reduction === "none" && call.inputs.length === 1 && columns.length > 1) {
      const column = columns[columns.length - 1];
      if (column.before !== null) return null;
      columns[columns.length - 1] = { ...column, before: column.after, after: call.output, label: call.name.split(".").at(-1) ?? "" };
    } else return null;
    now = call.output;
  }
  const narrow = columns.every((column) => column.units <= UNITS);
  const few = joins.every(({ weight }) => values[weight].shape[0] * values[weight].shape[1] <= EDGES);
  if (now !== prediction || !joins.length || !narrow || !few) return null;
  columns.forEach((column, i) => {
    const place = i === 0 ? "input" : i === columns.length - 1 ? "output" : "hidden";
    column.label = i === 0 || column.before === null ? place : `${place} · ${column.label}`;
  });
  return { columns, joins };
}
