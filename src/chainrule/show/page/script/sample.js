// What a sample is called.

/** @typedef {import("./data.js").Frame} Frame */

/** (0, 1) → 1, where a sample is so small; else its number. @param {Frame} frame @param {number} n */
export function sampleName(frame, n) {
  const { data, target, shapes } = frame.structure;
  const row = (/** @type {number | null} */ value) => {
    if (value === null) return null;
    const width = shapes[value].slice(1).reduce((a, b) => a * b, 1);
    const numbers = Array.from({ length: Math.min(width, 4) }, (_, i) => frame.number(value, n * width + i));
    return width > 3 || numbers.some((x) => x === null) ? null : numbers.map((x) => (Number.isInteger(x) ? String(x) : Number(x).toFixed(2)).replace("-", "−"));
  };
  const [x, y] = [row(data), row(target)];
  const arrow = y ? ` → ${y.join(", ")}` : "";
  return x ? `(${x.join(", ")})${arrow}` : `sample ${n}${arrow}`;
}
