// The service worker: when the server is gone, the page opens with the last copy of each of its files.

const KEPT = /^\/(static\/.*|api\/(options|models|forms))?$/;

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open("tangyin");
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("fetch", (/** @type {any} a FetchEvent, which the types of pages lack */ event) => {
  const { method, url } = event.request,
    { origin, pathname } = new URL(url);
  if (method === "GET" && origin === location.origin && KEPT.test(pathname)) event.respondWith(answer(event.request));
});
