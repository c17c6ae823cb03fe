// Elements, and the colours that the style sheet gives them.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element: h("button", { class: "on", "aria-label": "next" }, "›"). Text is always text, never markup.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  return dressed(document.createElement(tag), attributes, children);
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  return dressed(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, any>} attributes
 * @param {(Node | string | null)[]} children
 * @returns {E}
 */
function dressed(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) /** @type {any} */ (element)[name] = value; // a property, so that patch.js can hand it on
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * A function that runs once before the next frame is painted, however often it is asked for: while scrubbing only what
 * is painted is computed.
 * @param {() => void} draw
 */
export function painting(draw) {
  let asked = 0;
  return () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(draw);
  };
}

/**
 * MathML that Python wrote; every name in it was escaped there.
 * @param {string | null} written
 * @returns {Element}
 */
export function math(written) {
  const holder = document.createElement("template");
  holder.innerHTML = written ?? "<math></math>";
  return /** @type {Element} */ (holder.content.firstElementChild);
}

/**
 * Reads colours as a canvas needs them. A custom property alone would give "light-dark(…)", so a probe is asked.
 * @param {Element} root
 * @returns {(name: string) => [number, number, number]}
 */
export function colours(root) {
  const probe = h("i", { hidden: "" });
  root.append(probe);
  const canvas = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }));
  /** @type {Record<string, [number, number, number]>} */
  const found = {};
  for (const name of ["gradient", "positive", "negative", "card", "soft", "land-low", "land-middle", "land-high"]) {
    probe.style.color = `var(--${name})`;
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    found[name] = [r, g, b];
  }
  probe.remove();
  return (name) => found[name];
}

/**
 * A colour between two.
 * @param {number[]} a
 * @param {number[]} b
 * @param {number} share
 */
export function mix(a, b, share) {
  const f = Math.min(Math.max(share, 0), 1);
  return a.map((part, i) => part + (b[i] - part) * f);
}

/**
 * Gives one pixel a colour between two; a map has thousands, so nothing is made on the way.
 * @param {ImageData} image
 * @param {number} pixel
 * @param {number[]} a
 * @param {number[]} b
 * @param {number} share  0 to 1
 */
export function tint({ data }, pixel, a, b, share) {
  for (let k = 0; k < 3; k++) data[4 * pixel + k] = a[k] + (b[k] - a[k]) * share;
  data[4 * pixel + 3] = 255;
}
