// The page in a notebook, as anywidget asks for it: what is chosen is told to Python.

import { mount } from "./app.js";
import { unravel } from "./places.js";

/** @typedef {{ get: (name: string) => any, set: (name: string, value: any) => void, save_changes: () => void }} Model */

/** @param {{ model: Model, el: HTMLElement }} given */
export async function render({ model, el }) {
  const page = await mount(el, model.get("payload"));
  page?.view.subscribe(({ frame, weight, entry, sample }) => {
    const { structure, step } = page.frames[frame];
    const value = structure.named.get(weight);
    const index = value === undefined ? [] : unravel(entry, structure.values[value].shape);
    for (const [name, chosen] of Object.entries({ step, weight, index, sample })) model.set(name, chosen);
    model.save_changes();
  });
}
