// Calls to the service that this page came from.

import { syncRoughly } from "./clock.js";

/** Where the service is, whatever folder it is served in. */
export const ROOT = new URL("../", import.meta.url);
export const JSON_URL = new URL("core/json.php", ROOT);
export const SOAP_URL = new URL("core/soap.php", ROOT);

const TIMEOUT = 60_000;

/**
 * A call that brought nothing. Its `kind` is "away" (no answer), "http" (an answer of something
 * else, or of a server in trouble), "rpc" (not understood) or "refused" (the service says no).
 */
export class Failure extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Fetches something of the service; `{status, statusText, text, milliseconds}`. */
export async function send(url, options = {}) {
  const started = performance.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), ...options });
    const text = await response.text();
    syncRoughly(response.headers.get("Date"));
    const { status, statusText } = response;
    return { status, statusText, text, milliseconds: performance.now() - started };
  } catch (error) {
    throw new Failure(
      "away",
      error.name === "TimeoutError"
        ? `The server didn’t answer within ${TIMEOUT / 1000} seconds. Try again in a moment.`
        : "The server can’t be reached. Check that it is running, then try again.",
    );
  }
}

/** Sends a JSON-RPC request, which is a text. */
export function sendJson(body, { native = true } = {}) {
  const url = new URL(JSON_URL);
  if (native) url.searchParams.set("types", "native");
  return send(url, { method: "POST", body, headers: { "Content-Type": "application/json" } });
}

/** Calls a method and returns its result; an envelope that says no becomes a Failure. */
export async function call(method, params = {}) {
  const reply = await sendJson(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  if (reply.status !== 200) throw new Failure("http", troubled(reply));
  const { result, error } = parsed(reply.text);
  if (error) throw new Failure("rpc", error.message);
  if (typeof result === "object" && !result.success) {
    throw new Failure("refused", result.error.msg);
  }
  return result;
}

/** Gets a description that the service has at an address of its own. */
export async function describe(url) {
  const reply = await send(url);
  if (reply.status !== 200) throw new Failure("http", troubled(reply));
  return reply.text;
}

const troubled = ({ status, statusText }) =>
  `The server answered ${`${status} ${statusText}`.trim()}. Try again in a moment; if it stays ` +
  "so, the server’s log says why.";

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure("http", "The answer isn’t JSON. Something else may be answering here.");
  }
}
