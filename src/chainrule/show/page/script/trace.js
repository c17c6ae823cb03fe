// One weight followed to the loss: at each number the sum over what it enters, partial × gradient.
//
// Python says how numbers enter numbers (breakdown/links.py); here they are multiplied and added. The δ recursion:
// the gradient of a number is Σ ∂(what it enters)/∂(number) · gradient of that.

import { aligned, broadcast, indices, ravel, size, unravel } from "./places.js";

/**
 * @typedef {import("./data.js").Frame} Frame
 * @typedef {import("./data.js").Link} Link
 * @typedef {{ link: Link, output: number, at: number, other: number | null, partial: number, upstream: number,
 *   product: number }} Term  `other`: where the partial stands in the other operand of a product
 * @typedef {{ value: number, at: number, number: number | null, gradient: number, terms: Term[], chosen: number,
 *   known: boolean }} Level  `known`: whether every use of the number is among the terms
 */

/**
 * The terms of the sum that is the gradient of one number.
 * @param {Frame} frame
 * @param {number} value
 * @param {number} at
 * @param {number | null} sample  only what belongs to this sample
 * @returns {{ terms: Term[], known: boolean }}
 */
export function terms(frame, value, at, sample) {
  /** @type {Term[]} */
  const found = [];
  let known = true;
  for (const link of frame.structure.uses.get(value) ?? []) {
    const steps = link.pattern && PATTERNS[link.pattern.kind];
    if (!steps) {
      known = false;
      continue;
    }
    for (const [output, partial, other] of steps(frame, link, at, frame.structure.values[link.output].batched ? sample : null)) {
      const upstream = frame.gradient(link.output, output);
      if (upstream === null || partial === null) known = false;
      else found.push({ link, output: link.output, at: output, other, partial, upstream, product: partial * upstream });
    }
  }
  return { terms: found, known };
}

/**
 * Each pattern yields [flat index in the output, partial, flat index in the other operand or null].
 * @type {Record<string, (frame: Frame, link: Link, at: number, sample: number | null) =>
 *   Iterable<[number, number | null, number | null]>>}
 */
const PATTERNS = {
  *aligned(frame, { pattern }, at, sample) {
    const [partials, input, output] = pattern.shapes;
    const common = broadcast(partials, input, output);
    /** @type {(number | null)[]} */
    const given = new Array(common.length).fill(null);
    unravel(at, input).forEach((i, axis) => {
      if (input[axis] !== 1) given[common.length - input.length + axis] = i;
    });
    if (sample !== null && output.length === common.length) given[0] = sample;
    for (const index of indices(common, given)) {
      yield [aligned(index, output), frame.numbers[pattern.partials + aligned(index, partials)], null];
    }
  },

  *product(frame, { value, output, pattern }, at, sample) {
    const { shapes } = frame.structure;
    const [mine, theirs, out] = pattern.letters;
    /** @type {Record<string, number>} */ const lengths = {};
    const note = (/** @type {string} */ letters, /** @type {number[]} */ shape) =>
      shape.forEach((length, axis) => (lengths[letters[axis]] = Math.max(length, lengths[letters[axis]] ?? 1)));
    note(mine, shapes[value]);
    note(theirs, shapes[pattern.other]);
    note(out, shapes[output]);
    /** @type {Record<string, number>} */ const fixed = {};
    unravel(at, shapes[value]).forEach((i, axis) => {
      if (shapes[value][axis] === lengths[mine[axis]]) fixed[mine[axis]] = i;
    });
    if (sample !== null) fixed[out[0]] = sample;
    const letters = [...new Set([...out])];
    for (const index of indices(letters.map((l) => lengths[l]), letters.map((l) => fixed[l] ?? null))) {
      const place = (/** @type {string} */ l) => (letters.includes(l) ? index[letters.indexOf(l)] : fixed[l]);
      const flat = (/** @type {string} */ part, /** @type {number[]} */ shape) =>
        shape.reduce((sum, length, axis) => sum * length + (length === 1 ? 0 : place(part[axis])), 0);
      const other = flat(theirs, shapes[pattern.other]);
      const entry = frame.number(pattern.other, other);
      yield [flat(out, shapes[output]), entry === null ? null : pattern.factor * entry, other];
    }
  },

  *windows(frame, { value, output, pattern }, at, sample) {
    const { shapes } = frame.structure;
    const [mine, theirs, out] = [shapes[value], shapes[pattern.other], shapes[output]];
    const weight = pattern.weight ? mine : theirs;
    const input = pattern.weight ? theirs : mine;
    const perGroup = weight[1];
    const outPerGroup = weight[0] / pattern.groups;
    const here = unravel(at, mine);
    const inputPlace = (/** @type {number[]} */ y, /** @type {number[]} */ k) =>
      y.map((position, axis) => position * pattern.stride[axis] + k[axis] * pattern.dilation[axis] - pattern.padding[axis]);
    if (pattern.weight) {
      const [o, c, ...k] = here;
      const channel = Math.floor(o / outPerGroup) * perGroup + c;
      for (const index of indices(out, [sample, o])) {
        const x = inputPlace(index.slice(2), k);
        if (x.some((position, axis) => position < 0 || position >= input[2 + axis])) continue;
        const other = ravel([index[0], channel, ...x], input);
        yield [ravel(index, out), frame.number(pattern.other, other), other];
      }
      return;
    }
    const [n, channel, ...x] = here;
    const group = Math.floor(channel / perGroup);
    for (const [o, , ...k] of indices(weight, [null, channel % perGroup])) {
      if (Math.floor(o / outPerGroup) !== group) continue;
      const y = x.map((p, axis) => (p + pattern.padding[axis] - k[axis] * pattern.dilation[axis]) / pattern.stride[axis]);
      if (y.some((p, axis) => !Number.isInteger(p) || p < 0 || p >= out[2 + axis])) continue;
      const other = ravel([o, channel % perGroup, ...k], weight);
      yield [ravel([n, o, ...y], out), frame.number(pattern.other, other), other];
    }
  },

  *gathered(frame, { output, pattern }, at, sample) {
    const shape = frame.structure.shapes[output];
    const width = sample === null ? size(shape) : size(shape.slice(1));
    const begin = sample === null ? 0 : sample * width;
    for (let k = begin; k < begin + width; k++) if (frame.numbers[pattern.source + k] === at) yield [k, 1, null];
  },

  *rows(frame, { value, pattern }, at) {
    const shape = frame.structure.shapes[value];
    const width = shape[shape.length - 1];
    const row = Math.floor(at / width);
    for (let j = 0; j < width; j++) {
      yield [row * width + j, frame.numbers[pattern.partials + (row * width + j) * width + (at % width)], null];
    }
  },
};

/**
 * The path from a weight to the loss; at each level the largest term, unless another one was chosen.
 * @param {Frame} frame
 * @param {number} value
 * @param {number} at
 * @param {number | null} sample
 * @param {number[]} [path]
 * @returns {Level[]}
 */
export function trace(frame, value, at, sample, path = []) {
  /** @type {Level[]} */
  const levels = [];
  while (value !== frame.structure.loss && levels.length < 400) {
    const found = terms(frame, value, at, sample);
    found.terms.sort(larger);
    const total = found.terms.reduce((sum, term) => sum + term.product, 0);
    const single = levels.length === 0 && sample !== null && !frame.structure.values[value].batched;
    const gradient = single && found.known ? total : frame.gradient(value, at) ?? total;
    const chosen = Math.min(path[levels.length] ?? 0, Math.max(found.terms.length - 1, 0));
    levels.push({ value, at, number: frame.number(value, at), gradient, chosen, ...found });
    const next = found.terms[chosen];
    if (!next) break;
    [value, at] = [next.output, next.at];
  }
  return levels;
}

/** Terms by the size of their product, then of their partial. @param {Term} a @param {Term} b */
function larger(a, b) {
  const gap = Math.abs(b.product) - Math.abs(a.product);
  return gap || Math.abs(b.partial) - Math.abs(a.partial) || a.at - b.at;
}

/**
 * What each kept sample contributes to a weight's gradient; null where that cannot be told apart.
 * @param {Frame} frame
 * @param {number} value
 * @param {number} at
 * @returns {number[] | null}
 */
export function shares(frame, value, at) {
  const { structure } = frame;
  const uses = structure.uses.get(value) ?? [];
  if (!structure.samples || !uses.length || !uses.every((link) => structure.values[link.output].batched)) return null;
  const found = [];
  for (let sample = 0; sample < structure.samples; sample++) {
    const { terms: parts, known } = terms(frame, value, at, sample);
    if (!known) return null;
    found.push(parts.reduce((sum, term) => sum + term.product, 0));
  }
  return found;
}

/** Whether there is one path only: then a share is a single product. @param {Level[]} levels */
export const isChain = (levels) => levels.every((level) => level.known && level.terms.length === 1);

/** The terms on the path, from the weight to the loss, without those that only move a number. @param {Level[]} levels */
export function followed(levels) {
  return levels
    .map((level) => ({ level, term: level.terms[level.chosen] }))
    .filter(({ term }) => term && term.link.pattern.kind !== "gathered");
}
