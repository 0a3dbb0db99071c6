// Elements by hand: no markup is ever parsed, so Trusted Types can forbid it.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Make one element. Names that begin with `on` are listeners, `true` and `false` switch an attribute.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter(isShown));
  return element;
}

/**
 * @param {Child} child
 * @returns {child is Node | string}
 */
function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/**
 * Put other children into an element of the page.
 *
 * @param {string} id
 * @param {...Child} children
 */
export function fill(id, ...children) {
  const element = find(id);
  element.textContent = ""; // Chrome 80 has no replaceChildren.
  element.append(...children.filter(isShown));
}

/**
 * Find one of the elements that page.html promises.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function find(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
