// Numbers as they are shown: of fixed width while they change, an exponent where four decimals would say nothing.

const MINUS = "−";
const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * Four decimals; whole numbers as they are.
 * @param {number | null} x
 * @param {number} [decimals]
 */
export function fixed(x, decimals = 4) {
  const { sign, digits, exponent } = parts(x, decimals);
  if (exponent === null) return sign + digits;
  const power = String(Math.abs(exponent)).replace(/\d/g, (d) => SUPERSCRIPT[+d]);
  return `${sign}${digits}×10${exponent < 0 ? "⁻" : ""}${power}`;
}

/**
 * Fewer digits, for chips and labels.
 * @param {number | null} x
 */
export function short(x) {
  if (x === null || !Number.isFinite(x)) return fixed(x);
  if (Number.isInteger(x) && Math.abs(x) < 1e5) return String(x).replace("-", MINUS);
  const size = Math.abs(x);
  if (size >= 0.01 && size < 1e4) return x.toFixed(2).replace("-", MINUS);
  return x.toExponential(0).replace("-", MINUS).replace("e+", "e").replace("e-", "e" + MINUS);
}

/**
 * The inside of a MathML number, in brackets where it is negative and asked for.
 * @param {number | null} x
 * @param {boolean} [brackets]
 */
export function mathNumber(x, brackets = false) {
  const { sign, digits, exponent } = parts(x, 4);
  const body = exponent === null ? `<mn>${digits}</mn>` : `<mn>${digits}</mn><mo>×</mo><msup><mn>10</mn><mn>${String(exponent).replace("-", MINUS)}</mn></msup>`;
  if (!sign) return body;
  const negative = `<mo form="prefix">${MINUS}</mo>${body}`;
  return brackets ? `<mo>(</mo>${negative}<mo>)</mo>` : negative;
}

/**
 * @param {number | null} x
 * @param {number} decimals
 * @returns {{ sign: string, digits: string, exponent: number | null }}
 */
function parts(x, decimals) {
  if (x === null || x === undefined) return { sign: "", digits: "?", exponent: null };
  if (Number.isNaN(x)) return { sign: "", digits: "nan", exponent: null };
  const sign = x < 0 ? MINUS : "";
  const size = Math.abs(x);
  if (size === Infinity) return { sign, digits: "∞", exponent: null };
  if (Number.isInteger(size) && size < 1e5) return { sign, digits: String(size), exponent: null };
  if (size >= 1e-3 && size < 1e5) return { sign, digits: size.toFixed(decimals), exponent: null };
  const [digits, exponent] = size.toExponential(2).split("e");
  return { sign, digits, exponent: Number(exponent) };
}
