// Settings of a reader, kept in the browser where that is allowed.

/** @param {string} name @param {string} otherwise */
export function recall(name, otherwise) {
  try {
    return localStorage.getItem(`tangyin.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(`tangyin.${name}`, value);
  } catch {
    /* a browser that keeps nothing */
  }
}
