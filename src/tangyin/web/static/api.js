// Talking to the server: JSON, and server-sent events over a POST.

import { Refusal } from "./refusal.js";

async function call(path, body, accept, signal) {
  let response;
  try {
    response = await fetch(path, body === undefined ? { signal } : {
      method: "POST", signal, body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", Accept: accept },
    });
  } catch (error) { throw lost(error); }
  if (response.ok) return response;
  // What answers without a sentence of ours is not the application.
  const { error } = await response.json().catch(() => ({}));
  throw error ? new Refusal("server", { sentence: error }) : new Refusal("overloaded");
}

/** What is to be thrown when the connection broke: an abortion of ours stays what it is. */
const lost = (error) => (error.name === "AbortError" ? error : new Refusal("lost"));

/** The JSON answer of an address of the API. */
export async function ask(path, body, signal) {
  const response = await call(`api/${path}`, body, "application/json", signal);
  try { return await response.json(); } catch (error) { throw lost(error); }
}

/** Call `handle(name, value)` for each event that the server sends, until the end or `signal`. */
export async function listen(path, body, handle, signal) {
  const response = await call(`api/${path}`, body, "text/event-stream", signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", ended = false;
  for (;;) {
    const { value, done } = await reader.read().catch((error) => { throw lost(error); });
    if (done) break;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      signal.throwIfAborted(); // what has come already is not wanted any more either
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name === "error") throw new Refusal("server", { sentence: JSON.parse(data).error });
      if (name === "end") ended = true;
      else if (name) await handle(name, JSON.parse(data));
    }
  }
  signal.throwIfAborted();
  if (!ended) throw new Refusal("lost");
}
