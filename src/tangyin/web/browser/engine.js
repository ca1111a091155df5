// The worker of a page without a server: it loads Python and the model, and the package's own code answers.

/** @typedef {{ id: number, name: string, body: string, language: string }} Question */
/** @typedef {{ id: number, events: any }} Job what is being answered: a generator of Python */
/** @typedef {{ url: string, bytes: number, integrity: string }} Part */

const ROOT = new URL("..", import.meta.url);
const PACKAGES = "/lib/python3.12/site-packages";
const BLOCK = 512; // bytes of a header of an archive, and of what files are filled up to
const TRIES = [500, 2000]; // milliseconds before a part is requested again

/** @param {Given} message */
const post = (message) => self.postMessage(message);

// Downloading

/** @type {Promise<Cache | null>} null where the browser keeps nothing */
const store = (async () => {
  try {
    return await caches.open(`tangyin-parts ${ROOT.pathname}`);
  } catch {
    return null;
  }
})();

/** @param {string} url @param {RequestInit} how @returns {Promise<Response>} */
async function fetched(url, how) {
  for (const pause of [...TRIES, 0]) {
    try {
      const response = await fetch(url, how);
      if (response.ok) return response;
    } catch {
      /* the connection broke, or the file is not what it should be */
    }
    if (pause) await new Promise((go) => setTimeout(go, pause));
  }
  throw new Error("load-failed");
}

let received = 0,
  isStored = true;

/** The content of a part, kept for the next visit. @param {Part} part */
async function contentOf({ url, bytes, integrity }) {
  const address = new URL(url, ROOT).href,
    cache = await store;
  const kept = await cache?.match(address);
  const response = kept ?? (await fetched(address, { integrity }));
  const content = await response.arrayBuffer();
  if (!kept) {
    try {
      if (!cache) throw new Error("no cache");
      await cache.put(address, new Response(content));
    } catch {
      isStored = false;
    }
  }
  received += bytes;
  post({ progress: received });
  return content;
}

/** @param {Part[]} parts @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function unpacked(parts) {
  const contents = await Promise.all(parts.map(contentOf));
  const stream = new Blob(contents).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    const cache = await store; // what it keeps is damaged
    for (const { url } of parts) await cache?.delete(new URL(url, ROOT).href);
    throw new Error("load-failed");
  }
}

/**
 * Put the files of an archive (tar) into Python's folder of packages; its own way takes twice as long.
 * @param {any} python
 * @param {Uint8Array<ArrayBuffer>} archive
 */
function install(python, archive) {
  const text = (/** @type {number} */ from, /** @type {number} */ to) =>
    new TextDecoder().decode(archive.subarray(from, to)).replace(/\0.*/s, "");
  for (let at = 0; archive[at]; ) {
    const path = `${PACKAGES}/${text(at, at + 100)}`,
      size = parseInt(text(at + 124, at + 136), 8);
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, archive.subarray(at + BLOCK, at + BLOCK + size), { canOwn: true });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

// Starting

/** @type {any} `tangyin.web.alone.Alone`, once Python runs */
let alone = null;
/** @type {(name: string) => boolean} whether a question can be answered by now */
let canAnswer = () => false;

async function start() {
  const site = await (await fetched(new URL("parts.json", ROOT).href, { cache: "no-cache" })).json();
  post({ total: site.bytes });
  /** @type {Record<string, Promise<Uint8Array<ArrayBuffer>>>} one after the other, so that the first are there early */
  const files = {};
  /** @type {Promise<unknown>} */
  let before = Promise.resolve();
  for (const [name, parts] of Object.entries(site.files))
    before = files[name] = before.then(() => unpacked(/** @type {Part[]} */ (parts)));
  for (const file of Object.values(files)) file.catch(() => null); // whoever awaits it reports it

  /** A file, which is not kept. @param {string} name */
  const take = (name) => {
    const file = files[name];
    delete files[name];
    return file;
  };

  const own = self.fetch;
  // Pyodide asks for its files itself; they come from the parts.
  self.fetch = async (address, options) => {
    const name =
      String(address instanceof Request ? address.url : address)
        .split("/")
        .at(-1) ?? "";
    return name in files
      ? new Response(await take(name), { headers: { "Content-Type": "application/wasm" } })
      : own(address, options);
  };
  const { loadPyodide } = await import(new URL("pyodide.mjs", import.meta.url).href);
  // NumPy checks for its docstrings, which are gone (packing.py).
  const python = await loadPyodide({ indexURL: new URL(".", import.meta.url).href, args: ["-OO"] });
  self.fetch = own;
  install(python, await take("packages.tar"));
  alone = python.runPython("from tangyin.web import alone\nalone.Alone()");
  const rules = python.runPython("alone.WITHOUT_MODEL").toJs();
  canAnswer = (name) => rules.includes(name);
  work().catch(fail);
  for (const [name, path] of site.placed) {
    const content = await take(name);
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, content, { canOwn: true });
  }
  alone.load(site.model);
  python.FS.unlink(site.model); // it is in Python's memory now
  canAnswer = () => true;
  post({ ready: true, isStored });
  work().catch(fail);
}

// Answering

/** @type {Question[]} */
let questions = [];
/** @type {Job[]} */
let jobs = [];
let isWorking = false;

/** Answer by turns, an event of each at a time: a check need not wait for all the poems. */
async function work() {
  if (isWorking) return;
  isWorking = true;
  for (;;) {
    const ready = questions.filter(({ name }) => canAnswer(name));
    questions = questions.filter((question) => !ready.includes(question));
    jobs.push(...ready.map(begun));
    const job = jobs.shift();
    if (!job) break;
    if (job.events.next().done) job.events.destroy();
    else jobs.push(job);
    await new Promise((go) => setTimeout(go)); // what was asked meanwhile, or is not wanted any more
  }
  isWorking = false;
}

/** @param {Question} question @returns {Job} */
function begun({ id, name, body, language }) {
  const send = (/** @type {string} */ event, /** @type {string} */ value) =>
    post({ id, event, value: JSON.parse(value) });
  return { id, events: alone.ask(name, body, language, send) };
}

/** @param {unknown} error */
const fail = (error) =>
  post({
    failed: error instanceof Error && error.message === "load-failed" ? "load-failed" : "engine-failed",
    reason: String(error),
  });

self.addEventListener("message", ({ data }) => {
  if (data.unwanted) {
    questions = questions.filter(({ id }) => id !== data.unwanted);
    for (const { events } of jobs.filter(({ id }) => id === data.unwanted)) events.destroy();
    jobs = jobs.filter(({ id }) => id !== data.unwanted);
  } else {
    questions.push(data);
    work().catch(fail);
  }
});
start().catch(fail);
