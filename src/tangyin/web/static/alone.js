// The desk without a server: a worker (`browser/engine.js`) answers, and a service worker keeps all files.

import { byId, make } from "./dom.js";
import { language, showWords } from "./language.js";
import { Refusal } from "./refusal.js";

/** @typedef {{ take: (event: string, value: any) => void, refuse: (error: unknown) => void }} Waiting */

/** A function of WebAssembly with one instruction of SIMD. */
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);
const MEGABYTE = 1e6;

/**
 * A line above the page that says something, with a button where something can be done.
 * @param {string} id
 */
function line(id) {
  const said = make("span"),
    button = make("button", { type: "button" });
  const notice = make("p.notice", { id, role: "status", hidden: true }, said, " ", button);
  byId("offline").before(notice);
  return (
    /** @type {string} */ key,
    /** @type {Values} */ values = {},
    action = "",
    /** @type {(() => void) | null} */ act = null,
    reason = "",
  ) => {
    notice.hidden = !key;
    notice.title = reason; // for whoever looks for the cause
    button.hidden = !action;
    button.onclick = act;
    showWords(said, key, values);
    showWords(button, action);
  };
}

const say = line("engine"),
  sayVersion = line("version");

/** @type {Worker | null} */
let worker = null;
let total = 0,
  count = 0;
/** @type {Map<number, Waiting>} */
const waiting = new Map();

function start() {
  if (!WebAssembly.validate(SIMD) || typeof DecompressionStream === "undefined") {
    say("old-browser");
    return;
  }
  worker = new Worker("engine/engine.js", { type: "module" });
  worker.addEventListener("message", ({ data }) => heard(data));
  worker.addEventListener("error", ({ message }) => fail("engine-failed", message));
}

/** @param {Given} message */
function heard({ id, event, value, progress, failed, reason, ready, isStored, ...more }) {
  if (id) waiting.get(id)?.take(event, value);
  else if (failed) fail(failed, reason);
  else if (ready) say(isStored ? "" : "not-stored");
  else if (more.total) total = more.total;
  else if (progress) {
    const [done, all] = [progress, total].map((bytes) => (bytes / MEGABYTE).toFixed(1));
    say(progress < total ? "loading-engine" : "starting-engine", { done, all });
  }
}

/** The worker is gone; the next request starts another. @param {string} key @param {string} reason */
function fail(key, reason) {
  worker?.terminate();
  worker = null;
  for (const { refuse } of waiting.values()) refuse(new Refusal(key));
  waiting.clear();
  say(
    key,
    {},
    "try-again",
    () => {
      say("");
      start();
    },
    reason,
  );
}

/**
 * Ask the worker; `each` gets what comes before the answer.
 * @param {string} name
 * @param {Given | undefined} body
 * @param {(event: string, value: any) => unknown} each
 * @param {AbortSignal} [signal]
 */
async function talk(name, body, each, signal) {
  signal?.throwIfAborted();
  if (!body) throw new Refusal("no-corpus");
  if (!worker) start();
  if (!worker) throw new Refusal("old-browser");
  count += 1;
  const id = count;
  try {
    return await new Promise((resolve, reject) => {
      /** @type {Promise<unknown>} what came is handled in turn */
      let before = Promise.resolve();
      waiting.set(id, {
        refuse: reject,
        take(event, value) {
          if (event === "error") reject(new Refusal("server", { message: value.message }));
          else if (event === "answer" || event === "end") before.then(() => resolve(value), reject);
          else before = before.then(() => signal?.aborted || each(event, value));
          before.catch(reject);
        },
      });
      signal?.addEventListener("abort", () => reject(signal.reason));
      worker?.postMessage({ id, name, body: JSON.stringify(body), language: language() });
    });
  } finally {
    waiting.delete(id);
    worker?.postMessage({ unwanted: id });
  }
}

/**
 * What the worker answers.
 * @param {string} name
 * @param {Given} [body]
 * @param {AbortSignal} [signal]
 */
export const ask = (name, body, signal) => talk(name, body, () => undefined, signal);

/**
 * Call `handle(event, value)` for each event, until the end or `signal`.
 * @param {string} name
 * @param {Given} body
 * @param {(event: string, value: any) => Promise<void>} handle
 * @param {AbortSignal} signal
 */
export const listen = (name, body, handle, signal) => talk(name, body, handle, signal);

/** Keep the page, and offer a new version of it when all of that is there. */
async function keep() {
  const registration = await navigator.serviceWorker.register("worker.js");
  const offer = (/** @type {ServiceWorker | null} */ next) =>
    next?.addEventListener("statechange", () => {
      if (next.state === "installed" && navigator.serviceWorker.controller)
        sayVersion("new-version", {}, "take-version", () => next.postMessage("take over"));
    });
  offer(registration.installing);
  registration.addEventListener("updatefound", () => offer(registration.installing));
  if (registration.waiting)
    sayVersion("new-version", {}, "take-version", () => registration.waiting?.postMessage("take over"));
  const had = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (had) location.reload();
  });
}

start();
// An insecure address, or a browser that keeps nothing: the page works, and loads again each time.
keep().catch(() => null);
