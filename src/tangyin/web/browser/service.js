// The service worker of a page without a server: the page opens from the copies that it keeps.
// `tangyin site` puts the constant SITE before it, so that a new site is a new worker.

const ROOT = new URL("./", location.href);
const SHELL = `tangyin-shell ${ROOT.pathname}`,
  PARTS = `tangyin-parts ${ROOT.pathname}`;
const OWN = `${SHELL} ${SITE.version}`;
/** @type {any} a ServiceWorkerGlobalScope, which the types of pages lack */
const scope = self;

/** A file with the policy of the page, which a worker does not get otherwise. @param {string} name @param {RequestInit} [options] */
async function fetched(name, options) {
  const response = await fetch(new URL(name, ROOT), options);
  if (!response.ok) throw new Error(name);
  const headers = {
    "Content-Type": response.headers.get("Content-Type") ?? "",
    "Content-Security-Policy": SITE.policy,
  };
  return new Response(await response.arrayBuffer(), { headers });
}

async function install() {
  const shell = await caches.open(OWN),
    parts = await caches.open(PARTS);
  await Promise.all(
    SITE.shell.map(async (name) => shell.put(new URL(name, ROOT), await fetched(name, { cache: "no-cache" }))),
  );
  // On a first visit the page loads the parts itself. A new version waits until it has all of its own.
  if (!scope.registration.active) return;
  for (const { url, integrity } of SITE.parts) {
    const address = new URL(url, ROOT);
    if (!(await parts.match(address))) await parts.put(address, await fetched(url, { integrity }));
  }
}

async function activate() {
  const names = await caches.keys(),
    parts = await caches.open(PARTS);
  await Promise.all(
    names.filter((name) => name.startsWith(`${SHELL} `) && name !== OWN).map((name) => caches.delete(name)),
  );
  const wanted = new Set(SITE.parts.map(({ url }) => new URL(url, ROOT).href));
  for (const { url } of await parts.keys()) if (!wanted.has(url)) await parts.delete(url);
  await scope.clients.claim();
}

/** @param {Request} request */
async function answer(request) {
  const { origin, pathname } = new URL(request.url);
  const name = pathname === `${ROOT.pathname}index.html` ? ROOT.pathname : pathname;
  const shell = await caches.open(OWN);
  return (await shell.match(new URL(name, origin))) ?? fetch(request);
}

scope.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
scope.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "take over") scope.skipWaiting();
});
scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(ROOT.href)) event.respondWith(answer(event.request));
});
