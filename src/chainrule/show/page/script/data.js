// The payload, opened: structures, and frames whose numbers are looked up by value and flat index.

/**
 * @typedef {{ symbol: string, text: string, name: string, kind: string, shape: number[], batched: boolean,
 *   number: number | null, gradient: number | null, flow: number,
 *   afar: { shape: number[], number: number, gradient: number } | null }} Value
 * @typedef {{ argument: string, value: number, output: number, partial: string, why: string, pattern: any,
 *   call: number }} Link
 * @typedef {{ name: string, module: string, where: string, rule: string | null, reason: string, formula: string,
 *   text: string, definition: string | null, inputs: number[], output: number, forward: string | null, compute: any,
 *   links: Link[] }} Call
 * @typedef {{ value: number, after: number | null, received: number | null, used: number | null, flow: number,
 *   optimizer: string, reason: string, settings: { symbol: string, text: string, at: number }[],
 *   lines: { name: string, symbolic: string, numeric: string, formula: any }[],
 *   quantities: Record<string, { at: number, single: boolean }> }} Parameter
 * @typedef {{ values: Value[], calls: Call[], parameters: Parameter[], loss: number | null, prediction: number | null,
 *   data: number | null, target: number | null, count: number | null, samples: number, size: number }} Written
 */

/** One structure: what was computed from what. */
export class Structure {
  /** @param {Written} written */
  constructor(written) {
    /** @type {Value[]} */ this.values = written.values;
    /** @type {Call[]} */ this.calls = written.calls;
    /** @type {Parameter[]} */ this.parameters = written.parameters;
    this.samples = written.samples;
    this.count = written.count;
    this.loss = written.loss;
    this.prediction = written.prediction;
    this.data = written.data;
    this.target = written.target;
    /** @type {Map<number, Link[]>} the uses of each value */
    this.uses = new Map();
    /** @type {Map<number, number>} the call that made each value */
    this.producer = new Map();
    written.calls.forEach((call, index) => {
      this.producer.set(call.output, index);
      for (const link of call.links) {
        link.call = index;
        this.uses.set(link.value, [...(this.uses.get(link.value) ?? []), link]);
      }
    });
    /** @type {number[][]} */
    this.shapes = written.values.map((v) => (v.batched ? [written.samples, ...v.shape.slice(1)] : v.shape));
    /** @type {Map<string, number>} */
    this.named = new Map();
    written.values.forEach((value, position) => {
      if (value.kind === "parameter" && value.name) this.named.set(value.name, position);
    });
  }

  /** Positions of the parameters that have a gradient, in their order in the step. */
  weights() {
    return [...this.named.values()].filter((position) => this.values[position].gradient !== null);
  }

  /**
   * @param {string} name
   * @returns {Parameter | undefined}
   */
  updated(name) {
    const position = this.named.get(name);
    return this.parameters.find((parameter) => parameter.value === position);
  }
}

/** One recorded step. */
export class Frame {
  /**
   * @param {any} written
   * @param {Structure} structure
   * @param {Float32Array} numbers
   */
  constructor(written, structure, numbers) {
    this.step = written.step;
    this.loss = asNumber(written.loss);
    this.tolerance = asNumber(written.tolerance);
    this.agreement = written.agreement;
    /** @type {string[]} */ this.problems = written.problems;
    this.structure = structure;
    this.numbers = numbers;
  }

  /** @param {number} position @param {number} flat @returns {number | null} */
  number(position, flat) {
    const at = this.structure.values[position].number;
    return at === null ? null : this.numbers[at + flat];
  }

  /** ∂L/∂(the number). @param {number} position @param {number} flat @returns {number | null} */
  gradient(position, flat) {
    if (position === this.structure.loss) return 1;
    const at = this.structure.values[position].gradient;
    return at === null ? null : this.numbers[at + flat];
  }

  /** Root mean square of a value and norm of its gradient, over the whole batch. @param {number} position */
  flow(position) {
    const at = this.structure.values[position].flow;
    return { size: this.numbers[at], gradient: this.numbers[at + 1] };
  }
}

/**
 * Opens a payload.
 * @param {any} payload
 */
export async function opened(payload) {
  if (payload.format !== 1) throw new Error(`This page reads payloads of format 1, not ${payload.format}.`);
  const numbers = await unpacked(payload.numbers);
  /** @type {Structure[]} */
  const structures = payload.structures.map((/** @type {Written} */ written) => new Structure(written));
  /** @type {Frame[]} */
  const frames = payload.frames.map((/** @type {any} */ written) => {
    const structure = structures[written.structure];
    const size = payload.structures[written.structure].size;
    return new Frame(written, structure, numbers.subarray(written.offset, written.offset + size));
  });
  const { steps, values, count } = payload.losses;
  const losses = { steps: numbers.subarray(steps, steps + count), values: numbers.subarray(values, values + count) };
  return { run: payload.run, frames, losses };
}

/** @param {string} written @returns {Promise<Float32Array>} */
async function unpacked(written) {
  const text = atob(written);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // several times as fast as Uint8Array.from
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Float32Array(await new Response(stream).arrayBuffer());
}

/** JSON has no NaN: it is written as a word. @param {number | string} x */
function asNumber(x) {
  return typeof x === "number" ? x : { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] ?? NaN;
}
