// Marching squares: where a function on a square grid has a given level.

/**
 * An SVG path in a box of 100 × 100, for values at the centres of the cells.
 * @param {Float64Array} values  row by row, `side` in each
 * @param {number} side
 * @param {number} level
 */
export function contour(values, side, level) {
  const cell = 100 / side;
  const at = (/** @type {number} */ column, /** @type {number} */ row) => values[row * side + column] - level;
  let path = "";
  for (let row = 0; row < side - 1; row++) {
    for (let column = 0; column < side - 1; column++) {
      const corners = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
      const crossings = SIDES.filter(([a, b]) => corners[a] * corners[b] < 0).map(([a, b, x, y, dx, dy]) => {
        const share = corners[a] / (corners[a] - corners[b]);
        return [(column + x + dx * share + 0.5) * cell, (row + y + dy * share + 0.5) * cell];
      });
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [[x0, y0], [x1, y1]] = [crossings[i], crossings[i + 1]];
        path += `M${x0.toFixed(2)},${y0.toFixed(2)}L${x1.toFixed(2)},${y1.toFixed(2)}`;
      }
    }
  }
  return path;
}

/** The four sides of a cell: two corners, where the first one lies, and the direction to the second. */
const SIDES = [
  [0, 1, 0, 0, 1, 0],
  [1, 2, 1, 0, 0, 1],
  [3, 2, 0, 1, 1, 0],
  [0, 3, 0, 0, 0, 1],
];
