// What is being looked at, and who wants to know when it changes.

/**
 * @typedef {object} State
 * @property {number} frame  which recorded step
 * @property {number} sample  of the batch
 * @property {string} weight  name of the parameter
 * @property {number} entry  flat index in it
 * @property {"forward" | "backward" | "update"} mode
 * @property {number[]} path  at each level of the derivation the chosen term, where it is not the largest
 */

/**
 * @typedef {object} View
 * @property {() => State} get
 * @property {(change: Partial<State>) => void} set
 * @property {(listener: (state: State, changed: Set<keyof State>) => void) => void} subscribe  called now, and at every
 *   change
 */

/**
 * @param {State} initial
 * @returns {View}
 */
export function store(initial) {
  let state = initial;
  /** @type {((state: State, changed: Set<keyof State>) => void)[]} */
  const listeners = [];
  return {
    get: () => state,
    set(change) {
      const next = { ...state, ...change };
      if (("weight" in change || "entry" in change || "sample" in change) && !("path" in change)) next.path = [];
      const keys = /** @type {(keyof State)[]} */ (Object.keys(next));
      const changed = new Set(keys.filter((key) => next[key] !== state[key]));
      if (!changed.size) return;
      state = next;
      for (const listener of listeners) listener(state, changed);
    },
    subscribe(listener) {
      listeners.push(listener);
      listener(state, new Set(/** @type {(keyof State)[]} */ (Object.keys(state))));
    },
  };
}
