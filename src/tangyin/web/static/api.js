// Requests to the server: JSON, and server-sent events over a POST.

import { language } from "./language.js";
import { isAbort, Refusal } from "./refusal.js";

/** What answers on a page without a server (`tangyin site`); null where there is one. */
export const alone = "alone" in document.documentElement.dataset ? import("./alone.js") : null;

/**
 * @param {string} path
 * @param {Given | undefined} body
 * @param {string} accept
 * @param {AbortSignal} [signal]
 */
async function call(path, body, accept, signal) {
  /** @type {Record<string, string>} */
  const headers = { Accept: accept, "Accept-Language": language() };
  let response;
  try {
    response = await fetch(
      path,
      body === undefined
        ? { signal, headers }
        : {
            method: "POST",
            signal,
            body: JSON.stringify(body),
            headers: { ...headers, "Content-Type": "application/json" },
          },
    );
  } catch (error) {
    if (!isAbort(error)) served(false);
    throw lost(error);
  }
  served(true);
  if (response.ok) return response;
  // Without a message of ours it is not the application that answers.
  const { message } = await response.json().catch(() => ({}));
  throw message ? new Refusal("server", { message }) : new Refusal("overloaded");
}

/** @param {boolean} detail whether the server answers */
const served = (detail) => document.dispatchEvent(new CustomEvent("served", { detail }));

/**
 * The error to throw when the connection broke; an abort of ours stays as it is.
 * @param {unknown} error
 */
const lost = (error) => (isAbort(error) ? error : new Refusal("lost"));

/**
 * The JSON that an address of the API answers.
 * @param {string} path
 * @param {Given} [body]
 * @param {AbortSignal} [signal]
 */
export const ask = async (path, body, signal) =>
  alone && (body || path.includes("?")) ? (await alone).ask(path, body, signal) : get(`api/${path}`, body, signal);

/**
 * The JSON at an address of the server.
 * @param {string} path
 * @param {Given} [body]
 * @param {AbortSignal} [signal]
 */
export async function get(path, body, signal) {
  const response = await call(path, body, "application/json", signal);
  try {
    return await response.json();
  } catch (error) {
    throw lost(error);
  }
}

/**
 * Call `handle(name, value)` for each event that the server sends, until the end or `signal`.
 * @param {string} path
 * @param {Given} body
 * @param {(name: string, value: any) => Promise<void>} handle
 * @param {AbortSignal} signal
 */
export async function listen(path, body, handle, signal) {
  if (alone) {
    await (await alone).listen(path, body, handle, signal);
    return;
  }
  const response = await call(`api/${path}`, body, "text/event-stream", signal);
  if (!response.body) throw new Refusal("lost");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "",
    ended = false;
  for (;;) {
    const { value, done } = await reader.read().catch((error) => {
      throw lost(error);
    });
    if (done) break;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      signal.throwIfAborted(); // nor is what has arrived already wanted any more
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name === "error") throw new Refusal("server", { message: JSON.parse(data).message });
      if (name === "end") ended = true;
      else if (name) await handle(name, JSON.parse(data));
    }
  }
  signal.throwIfAborted();
  if (!ended) throw new Refusal("lost");
}
