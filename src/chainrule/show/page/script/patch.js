// Makes what is shown like what was made anew, and touches only what differs: from step to step only numbers do, and to
// lay out new formulas is what takes time. Focus and scrolling stay, too.

/** @param {Element} shown @param {Iterable<Node>} made  its children from now on; used up */
export function patch(shown, made) {
  let before = shown.firstChild;
  for (const node of [...made]) {
    const next = before && before.nextSibling;
    if (before === null) shown.append(node);
    else if (before.nodeName !== node.nodeName) before.replaceWith(node);
    else if (before instanceof Element) settle(before, /** @type {Element} */ (node));
    else if (before.nodeValue !== node.nodeValue) before.nodeValue = node.nodeValue;
    before = next;
  }
  while (before) {
    const next = before.nextSibling;
    before.remove();
    before = next;
  }
}

/** @param {Element} before @param {Element} made */
function settle(before, made) {
  const names = made.getAttributeNames();
  for (const name of names) {
    const value = /** @type {string} */ (made.getAttribute(name));
    if (before.getAttribute(name) !== value) before.setAttribute(name, value);
  }
  for (const name of before.getAttributeNames()) if (!names.includes(name) && name !== MEASURED) before.removeAttribute(name);
  /** @type {any} */ (before).onclick = /** @type {any} */ (made).onclick;
  patch(before, made.childNodes);
}

const MEASURED = "tabindex"; // of what scrolls, known only once it is laid out: see weight.js
