// The loss of every step, and the playhead over it; below, one stripe for each weight: its gradient over time.

import { h, mix, svg } from "./dom.js";
import { fixed } from "./numbers.js";

const [HEIGHT, LEFT, BOTTOM] = [118, 44, 100];
const STRIPES = 48; // with more weights than this there is a stripe for each parameter
const PACE = 130; // milliseconds a step when playing

/**
 * @param {HTMLElement} host
 * @param {import("./store.js").View} view
 * @param {import("./data.js").Frame[]} frames
 * @param {{ steps: Float32Array, values: Float32Array }} losses
 * @param {any} run
 * @param {() => (name: string) => number[]} colour
 */
export function timeline(host, view, frames, losses, run, colour) {
  const WIDTH = host.clientWidth > 0 && host.clientWidth < 520 ? 380 : 700;
  const last = Math.max(losses.steps.at(-1) ?? 0, frames[frames.length - 1].step, 1);
  let logarithmic = last > 100;
  const x = (/** @type {number} */ step) => LEFT + (WIDTH - LEFT - 8) * (logarithmic ? Math.log1p(step) / Math.log1p(last) : step / last);

  const play = h("button", { class: "play", "aria-label": "play", onclick: () => toggle() }, "▶");
  const back = h("button", { "aria-label": "earlier recorded step", onclick: () => move(-1) }, "‹");
  const next = h("button", { "aria-label": "later recorded step", onclick: () => move(1) }, "›");
  const now = h("b", { class: "now" });
  const lossNow = h("b");
  const normNow = h("b");
  const axis = h("button", { hidden: last < 10 ? "" : null, class: "axis", onclick: () => ((logarithmic = !logarithmic), draw()) });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "loss-curve", role: "slider", tabindex: 0, "aria-label": "recorded step", "aria-valuemin": 0, "aria-valuemax": frames.length - 1 });
  const code = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "bar-code", role: "img" }));
  const labels = h("div", { class: "stripe-label", "aria-hidden": "true" });
  const caption = h("span", { class: "muted" });
  host.append(
    h("div", { class: "transport" }, play, back, next, h("span", {}, "step ", now, h("span", { class: "muted" }, ` of ${run.steps.toLocaleString("en")}`)), h("span", {}, "loss ", lossNow), h("span", {}, "‖gradient‖ ", normNow), axis),
    picture,
    h("div", { class: "code", style: `--left:${(100 * LEFT) / WIDTH}%;--right:${800 / WIDTH}%` }, caption, h("div", { class: "code-row" }, labels, code)),
  );

  // ---------------------------------------------------------------- the curve

  const head = svg("g", { class: "head" }, svg("line", { y1: 4, y2: HEIGHT }), svg("circle", { r: 5 }));
  function draw() {
    axis.textContent = logarithmic ? "log steps" : "linear steps";
    axis.setAttribute("aria-label", `steps on a ${logarithmic ? "logarithmic" : "linear"} axis; change it`);
    const finite = [...losses.values, ...frames.map((frame) => frame.loss)].filter(Number.isFinite);
    const [low, high] = finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
    const floor = low > 0 && low < 0.5 * high ? 0 : low;
    const y = (/** @type {number} */ loss) => BOTTOM - (BOTTOM - 12) * ((loss - floor) / (high - floor || 1));
    let path = "";
    losses.steps.forEach((step, i) => {
      const loss = losses.values[i];
      if (Number.isFinite(loss)) path += `${path && Number.isFinite(losses.values[i - 1]) ? "L" : "M"}${x(step).toFixed(1)},${y(loss).toFixed(1)}`;
    });
    const flat = run.flat_since === null ? [] : [svg("rect", { x: x(run.flat_since), y: 8, width: Math.max(x(last) - x(run.flat_since), 2), height: BOTTOM - 8, class: "flat" }), svg("text", { x: x(run.flat_since) + 6, y: BOTTOM - 6, class: "flat-label" }, "flat")];
    const ticks = (high > floor ? [floor, (floor + high) / 2, high] : [high]).map((loss) => svg("g", { class: "tick" }, svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(loss), y2: y(loss) }), svg("text", { x: LEFT - 6, y: y(loss) + 4, "text-anchor": "end" }, tick(loss, high - floor))));
    const marks = frames.map((frame) => svg("line", { x1: x(frame.step), x2: x(frame.step), y1: BOTTOM + 2, y2: BOTTOM + 6, class: "recorded" }));
    const steps = ticksOf(last, logarithmic).map((step) => svg("text", { x: x(step), y: HEIGHT, "text-anchor": "middle", class: "step" }, step.toLocaleString("en")));
    const bad = run.not_finite === null ? [] : [svg("line", { x1: x(run.not_finite), x2: x(run.not_finite), y1: 8, y2: BOTTOM, class: "not-finite" }), svg("text", { x: x(run.not_finite) + 4, y: 18, class: "flat-label" }, "not finite")];
    picture.replaceChildren(...ticks, ...flat, svg("path", { d: path, class: "curve" }), ...bad, ...marks, ...steps, head);
    place = (frame) => {
      head.setAttribute("transform", `translate(${x(frame.step)},0)`);
      const circle = /** @type {SVGElement} */ (head.lastElementChild);
      circle.setAttribute("cy", String(Number.isFinite(frame.loss) ? y(frame.loss) : BOTTOM));
    };
    place(frames[view.get().frame]);
    paint();
  }
  /** @type {(frame: import("./data.js").Frame) => void} */
  let place = () => {};

  // ---------------------------------------------------------------- the bar code

  const stripes = stripesOf(frames);
  caption.textContent = stripes.single ? "|gradient| of every weight, logarithmic" : "‖gradient‖ of every parameter, logarithmic";
  const sizes = stripes.rows.flatMap((row) => row.sizes).filter((size) => size > 0 && Number.isFinite(size));
  const top = Math.log10(Math.max(...sizes, 1e-30));
  const depth = Math.min(Math.max(top - Math.log10(Math.min(...sizes, 1)), 1), 8);
  code.setAttribute("aria-label", caption.textContent);
  function paint() {
    code.width = WIDTH - LEFT - 8;
    code.height = Math.max(stripes.rows.length, 1);
    code.style.height = `${Math.max(40, Math.min(stripes.rows.length * 11, 150))}px`;
    const context = /** @type {CanvasRenderingContext2D} */ (code.getContext("2d"));
    const [dim, bright] = [colour()("soft"), colour()("gradient")];
    const edge = (/** @type {number} */ i) => (i <= 0 ? 0 : i >= frames.length ? code.width : ((x(frames[i - 1].step) + x(frames[i].step)) / 2 - LEFT) * (code.width / (WIDTH - LEFT - 8)));
    stripes.rows.forEach((row, r) => {
      row.sizes.forEach((size, i) => {
        const share = size > 0 ? (Number.isFinite(size) ? 1 - (top - Math.log10(size)) / depth : 1) : 0;
        context.fillStyle = `rgb(${mix(dim, bright, share).map(Math.round).join(",")})`;
        context.fillRect(edge(i), r, edge(i + 1) - edge(i) + 1, 1);
      });
    });
  }
  code.addEventListener("click", (event) => {
    const box = code.getBoundingClientRect();
    const row = stripes.rows[Math.floor(((event.clientY - box.top) / box.height) * stripes.rows.length)];
    view.set({ frame: nearest(LEFT + ((event.clientX - box.left) / box.width) * (WIDTH - LEFT - 8)), weight: row.name, entry: row.entry ?? (row.name === view.get().weight ? view.get().entry : 0) });
  });

  // ---------------------------------------------------------------- moving

  const nearest = (/** @type {number} */ at) => frames.reduce((best, frame, i) => (Math.abs(x(frame.step) - at) < Math.abs(x(frames[best].step) - at) ? i : best), 0);
  const move = (/** @type {number} */ by) => view.set({ frame: Math.min(Math.max(view.get().frame + by, 0), frames.length - 1) });
  let timer = 0;
  function toggle() {
    if (timer) {
      clearInterval(timer);
      timer = 0;
    } else {
      if (view.get().frame === frames.length - 1) view.set({ frame: 0 });
      timer = setInterval(() => (view.get().frame === frames.length - 1 ? toggle() : move(1)), PACE);
    }
    play.textContent = timer ? "❚❚" : "▶";
    play.setAttribute("aria-label", timer ? "pause" : "play");
  }
  const drag = (/** @type {PointerEvent} */ event) => {
    const box = picture.getBoundingClientRect();
    view.set({ frame: nearest(((event.clientX - box.left) / box.width) * WIDTH) });
  };
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(/** @type {PointerEvent} */ (event).pointerId);
    drag(/** @type {PointerEvent} */ (event));
  });
  picture.addEventListener("pointermove", (event) => /** @type {PointerEvent} */ (event).buttons && drag(/** @type {PointerEvent} */ (event)));

  draw();
  view.subscribe((state) => {
    const frame = frames[state.frame];
    now.textContent = frame.step.toLocaleString("en");
    lossNow.textContent = fixed(frame.loss);
    const norms = frame.structure.parameters.map((parameter) => frame.numbers[parameter.flow + 1]);
    normNow.textContent = fixed(Math.sqrt(norms.reduce((sum, norm) => sum + norm * norm, 0)));
    picture.setAttribute("aria-valuenow", String(state.frame));
    picture.setAttribute("aria-valuetext", `step ${frame.step}, loss ${fixed(frame.loss)}`);
    place(frame);
    const row = stripes.rows.findIndex((stripe) => stripe.name === state.weight && (stripe.entry === null || stripe.entry === state.entry));
    labels.hidden = row < 0;
    labels.style.setProperty("--row", String((row + 0.5) / stripes.rows.length));
    labels.style.setProperty("--height", String(1 / stripes.rows.length));
  });
  return { move, toggle, repaint: paint };
}

/**
 * @typedef {{ name: string, entry: number | null, sizes: number[] }} Stripe  entry: of a single weight
 * @param {import("./data.js").Frame[]} frames
 * @returns {{ single: boolean, rows: Stripe[] }}
 */
function stripesOf(frames) {
  const { structure } = frames[0];
  const weights = structure.weights();
  const count = weights.reduce((sum, value) => sum + structure.values[value].shape.reduce((a, b) => a * b, 1), 0);
  const single = count <= STRIPES;
  const sizes = (/** @type {string} */ name, /** @type {(frame: import("./data.js").Frame, value: number) => number} */ size) =>
    frames.map((frame) => {
      const value = frame.structure.named.get(name);
      return value === undefined ? 0 : size(frame, value);
    });
  const names = single ? weights.map((value) => structure.values[value].name) : [...structure.named.keys()];
  const rows = names.flatMap(stripes);
  return { single, rows };

  /** @param {string} name @returns {Stripe[]} */
  function stripes(name) {
    if (!single) return [{ name, entry: null, sizes: sizes(name, (frame, value) => frame.flow(value).gradient) }];
    const entries = structure.values[/** @type {number} */ (structure.named.get(name))].shape.reduce((a, b) => a * b, 1);
    return Array.from({ length: entries }, (_, entry) => ({ name, entry, sizes: sizes(name, (frame, value) => Math.abs(frame.gradient(value, entry) ?? 0)) }));
  }
}

/** A loss at the axis, in as many digits as tell it from its neighbours. @param {number} loss @param {number} range */
function tick(loss, range) {
  if (loss === 0) return "0";
  const size = Math.max(Math.abs(loss), range);
  if (size >= 1000 || size < 0.01) return loss.toExponential(1).replace("-", "−");
  return loss.toFixed(Math.min(Math.max(2, Math.ceil(1 - Math.log10(range || 1))), 5)).replace("-", "−");
}

/** @param {number} last @param {boolean} logarithmic */
function ticksOf(last, logarithmic) {
  if (!logarithmic) return [0, Math.round(last / 2), last];
  const found = [0];
  for (let step = 1; step < last; step *= 10) found.push(step);
  return found.filter((step) => Math.log1p(last) - Math.log1p(step) > 0.1 * Math.log1p(last)).concat(last);
}
