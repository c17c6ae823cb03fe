// A matrix as a picture: violet where positive, amber where negative, a cell is one number.

import { h, mix } from "./dom.js";

/**
 * Rows and columns in which a shape is drawn: a long vector is folded, leading axes stand below each other.
 * @param {number[]} shape
 * @returns {[number, number]}
 */
function layout(shape) {
  const count = shape.reduce((a, b) => a * b, 1);
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) {
    const root = Math.sqrt(count);
    return count > 32 && Number.isInteger(root) ? [root, root] : count > 64 ? [Math.ceil(count / 64), 64] : [1, count];
  }
  if (shape.length === 3 && shape[0] <= 32) return [shape[1], shape[0] * shape[2]]; // maps side by side
  const rows = shape.length === 2 ? shape[0] : shape[0] * (shape.length > 3 ? shape.slice(2, -1).reduce((a, b) => a * b, 1) : 1);
  return [rows, count / rows];
}

/**
 * The flat index of the number drawn in a cell, or −1.
 * @param {number[]} shape
 * @param {number} row
 * @param {number} column
 */
function entryAt(shape, row, column) {
  const [rows, columns] = layout(shape);
  if (row < 0 || column < 0 || row >= rows || column >= columns) return -1;
  let flat = row * columns + column;
  if (shape.length === 3 && shape[0] <= 32) flat = (Math.floor(column / shape[2]) * shape[1] + row) * shape[2] + (column % shape[2]);
  if (shape.length > 3) {
    const height = shape.slice(2, -1).reduce((a, b) => a * b, 1);
    const width = shape[shape.length - 1];
    flat = ((Math.floor(row / height) * shape[1] + Math.floor(column / width)) * height + (row % height)) * width + (column % width);
  }
  return flat < shape.reduce((a, b) => a * b, 1) ? flat : -1;
}

/**
 * @param {number[]} shape
 * @param {string} label
 */
export function heat(shape, label) {
  const [rows, columns] = layout(shape);
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: columns, height: rows, role: "img", "aria-label": label }));
  const unit = Math.max(2, Math.min(shape.length === 1 && rows > 1 ? 7 : 16, 240 / columns, 120 / rows));
  canvas.style.width = `${Math.round(columns * unit)}px`;
  if (rows === 1) canvas.style.height = `${Math.max(unit, 14)}px`;
  else canvas.style.aspectRatio = `${columns} / ${rows}`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(columns, rows);
  return {
    canvas,
    /**
     * @param {(entry: number) => number} number
     * @param {number} scale  the size that has full colour
     * @param {(name: string) => number[]} colour
     */
    paint(number, scale, colour) {
      const [positive, negative, ground] = [colour("positive"), colour("negative"), colour("soft")];
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const entry = entryAt(shape, row, column);
          const x = entry < 0 ? 0 : number(entry);
          const share = Math.sqrt(Math.min(Math.abs(x) / (scale || 1), 1));
          const [r, g, b] = Number.isFinite(x) ? mix(ground, x < 0 ? negative : positive, share) : [255, 0, 0];
          image.data.set([r, g, b, entry < 0 ? 0 : 255], 4 * (row * columns + column));
        }
      }
      context.putImageData(image, 0, 0);
    },
    /** The entry under the pointer. @param {MouseEvent} event */
    under(event) {
      const box = canvas.getBoundingClientRect();
      return entryAt(shape, Math.floor(((event.clientY - box.top) / box.height) * rows), Math.floor(((event.clientX - box.left) / box.width) * columns));
    },
  };
}
