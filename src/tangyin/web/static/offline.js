// What remains of the page without the server.

import { get } from "./api.js";
import { byId } from "./dom.js";

const banner = byId("offline");
document.addEventListener("served", (event) => {
  banner.hidden = event instanceof CustomEvent && event.detail;
});

/**
 * Keep what the page has loaded, so that it opens without the server (`worker.js`).
 * @param {Record<string, unknown>} answers what the API answered at which address
 */
export async function keepShell(answers) {
  if (!navigator.serviceWorker) return; // an insecure address, or a private window
  if (navigator.serviceWorker.controller) {
    await get("healthz").catch(() => null);
    return;
  }
  try {
    await navigator.serviceWorker.register("worker.js");
    // The first visit is over before the worker is there. Nothing is transferred a second time.
    const cache = await caches.open("tangyin"),
      { pathname, origin } = location;
    const loaded = performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name))
      .filter((url) => url.origin === origin && url.pathname.includes("/static/"));
    const files = new Set([pathname, ...loaded.map((url) => url.pathname)]);
    await Promise.all([...files].map(async (file) => cache.put(file, await fetch(file, { cache: "force-cache" }))));
    await Promise.all(Object.entries(answers).map(([path, answer]) => cache.put(path, Response.json(answer))));
  } catch {
    /* the browser keeps nothing, and the page needs the server */
  }
}
