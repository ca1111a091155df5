// What a reader chose, kept in the browser where that is allowed.

export function recall(name, otherwise) {
  try { return localStorage.getItem(`tangyin.${name}`) ?? otherwise; } catch { return otherwise; }
}

export function keep(name, value) {
  try { localStorage.setItem(`tangyin.${name}`, value); } catch { /* a browser that keeps nothing */ }
}
