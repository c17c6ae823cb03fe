// Flat indices, index lists and broadcasting.

/** @param {number[]} shape */
export const size = (shape) => shape.reduce((a, b) => a * b, 1);

/** [2, 0] for a flat index. @param {number} flat @param {number[]} shape */
export function unravel(flat, shape) {
  const index = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}

/** @param {number[]} index @param {number[]} shape */
export function ravel(index, shape) {
  return shape.reduce((flat, length, axis) => flat * length + index[axis], 0);
}

/** The element that goes with `index` (of a shape it broadcasts to). @param {number[]} index @param {number[]} shape */
export function aligned(index, shape) {
  const skip = index.length - shape.length;
  return shape.reduce((flat, length, axis) => flat * length + (length === 1 ? 0 : index[skip + axis] ?? 0), 0);
}

/** The shape that all of these broadcast to. @param {...number[]} shapes */
export function broadcast(...shapes) {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const common = new Array(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((length, axis) => {
      if (length !== 1) common[rank - shape.length + axis] = length;
    });
  }
  return common;
}

/**
 * Every index of a shape, some of whose places are given.
 * @param {number[]} shape
 * @param {(number | null)[]} given
 * @returns {Generator<number[]>}
 */
export function* indices(shape, given) {
  const free = shape.map((_, axis) => axis).filter((axis) => (given[axis] ?? null) === null);
  const index = shape.map((_, axis) => given[axis] ?? 0);
  if (free.some((axis) => shape[axis] === 0)) return;
  for (;;) {
    yield index;
    let k = free.length - 1;
    while (k >= 0 && ++index[free[k]] === shape[free[k]]) index[free[k--]] = 0;
    if (k < 0) return;
  }
}
