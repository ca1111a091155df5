// Talking to the server: JSON, and server-sent events over a POST.

import { t } from "./language.js";

/** A refusal whose message is a sentence for people. */
export class Refusal extends Error {}

async function call(path, body, accept, signal) {
  let response;
  try {
    response = await fetch(path, body === undefined ? { signal } : {
      method: "POST", signal, body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", Accept: accept },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(t("lost"));
  }
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: response.statusText }));
  const seconds = response.headers.get("Retry-After");
  throw new Refusal(seconds ? `${error} ${t("retry", { seconds })}` : error);
}

/** The JSON answer of an address of the API. */
export async function ask(path, body, signal) {
  const response = await call(`api/${path}`, body, "application/json", signal);
  return response.json();
}

/** Call `handle(name, value)` for each event that the server sends. */
export async function listen(path, body, handle, signal) {
  const response = await call(`api/${path}`, body, "text/event-stream", signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name === "error") throw new Refusal(JSON.parse(data).error);
      if (name) await handle(name, JSON.parse(data));
    }
  }
}
