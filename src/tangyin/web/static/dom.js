// Elements, into which text goes as text and never as HTML; and the clipboard and files.

/**
 * An element with properties and children; `data`, `aria` and `on` hold several at a time.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, any>} properties
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "data") Object.assign(element.dataset, value);
    else if (key === "aria") for (const [what, is] of Object.entries(value)) element.setAttribute(`aria-${what}`, String(is));
    else if (key === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (key in element) Object.assign(element, { [key]: value });
    else element.setAttribute(key, value);
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(typeof child === "number" ? String(child) : child);
  }
  return element;
}

/**
 * The element of the page with an id.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @param {new () => E} [kind] its class, where more than that of any element is used
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof (kind ?? HTMLElement))) throw new Error(`the page has no ${id}`);
  return /** @type {E} */ (element);
}

/**
 * Put a text on the clipboard.
 * @param {string} text
 * @returns the key of the words that say whether it worked
 */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch { return "cannot-copy"; }
}

/**
 * Give a person a file.
 * @param {string | Blob} content
 * @param {string} name
 */
export function saveFile(content, name) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type: "text/plain;charset=utf-8" }) : content);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}
