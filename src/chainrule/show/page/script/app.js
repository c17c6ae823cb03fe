// The page: `mount` puts it into any element, for the report, a notebook cell and the lab alike.

import { boundary, hasPlane } from "./boundary.js";
import { calls } from "./calls.js";
import { chain } from "./chain.js";
import { opened } from "./data.js";
import { colours, h, math } from "./dom.js";
import { computable } from "./evaluate.js";
import { flow } from "./flow.js";
import { landscape } from "./landscape.js";
import { keys, lights, linked, nearest, start } from "./links.js";
import { legend, net } from "./net.js";
import { sampleName } from "./sample.js";
import { store } from "./store.js";
import { timeline } from "./timeline.js";
import { weight } from "./weight.js";

const CHIPS = 8;

/**
 * @param {HTMLElement} element
 * @param {any} payload
 * @param {{ link?: boolean }} [options]  link: whether the address of the page follows what is in view
 */
export async function mount(element, payload, options = {}) {
  const { run, frames, losses } = await opened(payload);
  element.classList.add("chainrule");
  if (!frames.length) {
    element.replaceChildren(h("main", { class: "empty" }, h("h1", {}, "∂ chainrule"), ...run.said.map((/** @type {string} */ text) => h("p", {}, text)), h("p", {}, "No step of this run was recorded.")));
    return null;
  }
  const view = store(start(frames, options.link ? location.hash : ""));
  /** @type {ReturnType<typeof colours>} */
  let colour = colours(element);
  const current = () => colour;
  /** @type {{ repaint: () => void }[]} */
  const painted = [];
  const repaint = () => {
    colour = colours(element);
    for (const part of painted) part.repaint();
  };

  const layers = chain(frames[0].structure);
  const same = frames.every((frame) => frame.structure === frames[0].structure);
  const plane = same && hasPlane(frames[0].structure) && computable(frames[0].structure);
  const network = h("section", { class: "card network", "aria-label": "network" });
  const time = h("section", { class: "card time", "aria-label": "training" });
  const below = h("div", { class: "below" });
  const right = h("aside", { class: "card derivation", "aria-label": "one weight" });
  element.replaceChildren(
    header(run, frames[0], view, element, repaint),
    h("main", { class: "columns" }, h("div", { class: "left" }, network, time, below), right),
  );

  network.append(chips(view, frames));
  if (layers && same) {
    net(network, view, frames, layers);
    network.append(legend());
  } else painted.push(calls(within(network), view, frames, current));
  const clock = timeline(time, view, frames, losses, run, current);
  painted.push(clock);
  if (plane) {
    painted.push(boundary(card(below, "Decision boundary"), view, frames, current));
    painted.push(landscape(card(below, "Loss landscape, a slice"), view, frames, current));
  } else flow(card(below, "Gradient flow", "wide"), view, frames);
  facts(card(below, "This run"), run, frames, view);
  weight(right, view, frames);
  lights(element);
  keys(element, view, clock);
  if (options.link) linked(view, frames);

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  if (!element.isConnected || !element.clientWidth) {
    // A notebook may call before the element is in its document: only then do colours have values.
    const watch = new ResizeObserver(() => {
      if (!element.clientWidth) return;
      watch.disconnect();
      repaint();
    });
    watch.observe(element);
  }
  return { view, frames, repaint };
}

/**
 * @param {any} run
 * @param {import("./data.js").Frame} frame
 * @param {import("./store.js").View} view
 * @param {HTMLElement} root
 * @param {() => void} repaint
 */
function header(run, frame, view, root, repaint) {
  const modes = /** @type {const} */ (["forward", "backward", "update"]);
  const buttons = modes.map((mode) => h("button", { class: mode === "backward" ? "gradient" : mode, onclick: () => view.set({ mode }) }, mode[0].toUpperCase() + mode.slice(1)));
  view.subscribe((state) => buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(modes[i] === state.mode))));
  const dark = () => {
    const now = getComputedStyle(root).colorScheme;
    const isDark = now === "dark" || (now !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.style.colorScheme = isDark ? "light" : "dark";
    repaint();
  };
  const about = [run.script || run.name, ...run.optimizers].filter(Boolean).join(" · ");
  return h(
    "header",
    {},
    h("h1", {}, h("i", {}, "∂"), "chainrule"),
    h("div", { class: "about" }, h("span", { class: "script" }, about), run.network ? h("div", { class: "formula", tabindex: 0 }, math(run.network)) : h("span", { class: "muted" }, `${frame.structure.calls.length} calls`)),
    h("span", { class: `verdict ${run.verdict.kind}` }, run.verdict.text),
    h("div", { class: "modes", role: "group", "aria-label": "what the numbers show" }, ...buttons),
    h("button", { class: "theme", "aria-label": "dark or light", onclick: dark }, "◐"),
  );
}

/** @param {import("./store.js").View} view @param {import("./data.js").Frame[]} frames */
function chips(view, frames) {
  const box = h("div", { class: "chips", role: "group", "aria-label": "sample" });
  view.subscribe((state, changed) => {
    if (!changed.has("frame") && !changed.has("sample")) return;
    const frame = frames[state.frame];
    const count = Math.min(frame.structure.samples, CHIPS);
    const last = Math.max(count, state.sample + 1);
    const shown = Array.from({ length: last }, (_, n) => n).filter((n) => n < count || n === state.sample);
    const had = box.contains(document.activeElement);
    box.replaceChildren(h("span", { class: "muted" }, "sample"), ...shown.map((n) => h("button", { "aria-pressed": n === state.sample, onclick: () => view.set({ sample: n }) }, sampleName(frame, n))));
    if (had) /** @type {HTMLElement | null} */ (box.querySelector('[aria-pressed="true"]'))?.focus();
  });
  return box;
}

/** @param {HTMLElement} host */
function within(host) {
  const box = h("div");
  host.append(box);
  return box;
}

/** @param {HTMLElement} host @param {string} title @param {string} [kind] */
function card(host, title, kind = "") {
  const box = h("section", { class: `card small ${kind}`, "aria-label": title }, h("h2", {}, title));
  host.append(box);
  return box;
}

/**
 * One finding of the diagnosis; a click shows the step in which it was last seen.
 * @param {{ title: string, place: string, because: string, fix: string, step: number }} finding
 * @param {import("./data.js").Frame[]} frames
 * @param {import("./store.js").View} view
 */
function story(finding, frames, view) {
  const show = () => view.set({ frame: nearest(frames, finding.step) });
  const title = h("button", { onclick: show }, finding.title);
  return h("div", { class: "finding" }, title, h("p", { class: "muted" }, finding.place), h("p", {}, finding.because), h("p", { class: "fix" }, finding.fix));
}

/**
 * The verdict in full, and how far the numbers of the step in view are proved.
 * @param {HTMLElement} host
 * @param {any} run
 * @param {import("./data.js").Frame[]} frames
 * @param {import("./store.js").View} view
 */
function facts(host, run, frames, view) {
  const said = run.said.map((/** @type {string} */ text) => h("p", {}, text));
  const problems = run.problems.map((/** @type {string} */ text) => h("p", { class: "warning" }, text));
  const kept = frames.length < run.recorded ? `${frames.length} of its ${run.recorded} recorded steps are in this page.` : `${run.recorded} of its steps are recorded.`;
  const proof = h("div");
  const found = run.findings.map((/** @type {any} */ finding) => story(finding, frames, view));
  host.append(h("div", { class: "facts", tabindex: 0 }, ...found, ...said, ...problems, proof, h("p", { class: "muted" }, kept)));
  view.subscribe((state) => {
    const frame = frames[state.frame];
    const found = frame.agreement;
    const lines = [];
    if (found?.holds && typeof found.worst !== "number") lines.push(h("p", { class: "muted" }, "No gradient of this step could be compared with autograd’s."));
    else if (found?.holds) {
      lines.push(h("p", { class: "check" }, `✓ step ${frame.step.toLocaleString("en")}: all gradients equal autograd’s`));
      if (found.proved) lines.push(h("p", { class: "muted" }, `Each of its ${found.by_rule} rules alone does, too.`));
    } else if (found) lines.push(...found.errors.map((/** @type {string} */ text) => h("p", { class: "check wrong" }, `✗ ${text}`)));
    if (found?.opaque) lines.push(h("p", { class: "muted" }, `${found.opaque} calls have no rule and are autograd’s own.`));
    lines.push(...frame.problems.map((text) => h("p", { class: "warning" }, text)));
    proof.replaceChildren(...lines);
  });
}
