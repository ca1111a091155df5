// Elements, into which text goes as text and never as HTML; and the clipboard and files.

/**
 * An element: `make("p.status", { role: "status" }, "…")`, the properties being optional. The properties `data`, `aria`
 * and `on` hold several at a time.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K | `${K}.${string}`} name and its classes
 * @param {...any} given properties, and children, of which false, null and "" are none
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, ...given) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(/** @type {K} */ (tag));
  element.classList.add(...classes);
  const properties = given[0]?.constructor === Object ? given.shift() : {};
  for (const [key, value] of Object.entries(properties)) {
    const several = SEVERAL[key];
    if (several) for (const [what, is] of Object.entries(value)) several(element, what, is);
    else if (key in element) Object.assign(element, { [key]: value });
    else element.setAttribute(key, value);
  }
  for (const child of given) {
    if (child || child === 0) element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** @type {Record<string, (element: HTMLElement, what: string, value: any) => void>} */
const SEVERAL = {
  data: (element, what, value) => Object.assign(element.dataset, { [what]: value }),
  aria: (element, what, value) => element.setAttribute(`aria-${what}`, String(value)),
  on: (element, what, value) => element.addEventListener(what, value),
};

/**
 * A button.
 * @param {any} words one child, or several
 * @param {() => unknown} act
 * @param {Record<string, any>} properties
 */
export const press = (words, act, properties = {}) =>
  make("button", { ...properties, type: "button", on: { click: act } }, ...[words].flat());

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
  } catch {
    return "cannot-copy";
  }
}

/**
 * Give a person a file.
 * @param {string | Blob} content
 * @param {string} name
 */
export function saveFile(content, name) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(
    typeof content === "string" ? new Blob([content], { type: "text/plain;charset=utf-8" }) : content,
  );
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}
