// Simplified characters by OpenCC's tables, as `web/fixed.py` gives them. Nothing here touches the page.

/** @typedef {(text: string) => string} Convert */

/**
 * What simplifies verse, and words of the interface.
 * @param {{ characters: string, phrases: Record<string, string>, words: Record<string, string> }} tables
 */
export function simplifiersOf({ characters, phrases, words }) {
  /** @type {Map<string, string>} */
  const alone = new Map();
  const both = [...characters];
  for (let at = 0; at < both.length; at += 2) alone.set(both[at], both[at + 1]);
  /** @param {Record<string, string>} longer @returns {Convert} */
  const by = (longer) => {
    const found = Object.keys(longer).sort((a, b) => b.length - a.length);
    const pattern = new RegExp([...found, "."].join("|"), "gsu");
    return (text) => text.replace(pattern, (part) => longer[part] ?? alone.get(part) ?? part);
  };
  return { verse: by(phrases), words: by(words) };
}
