// Calls to the service that serves this page.

import { syncRoughly } from "./clock.js";

/** The URL of the service; it may be below a folder. */
export const ROOT = new URL("../", import.meta.url);
export const JSON_URL = new URL("core/json.php", ROOT);
export const SOAP_URL = new URL("core/soap.php", ROOT);

const TIMEOUT = 60_000;

/**
 * A failed call. Its `reason` is "network" (no response), "http" (a response that is not the
 * service's, or a server error), "rpc" (a JSON-RPC error) or "refused" (an envelope with an error).
 */
export class Failure extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

/** Sends an HTTP request to the service; resolves to `{status, statusText, text, milliseconds}`. */
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
      "network",
      error.name === "TimeoutError"
        ? `The server didn’t respond within ${TIMEOUT / 1000} seconds. Try again in a moment.`
        : "The server can’t be reached. Check that it is running, then try again.",
    );
  }
}

/** Sends a JSON-RPC request; `body` is a string. */
export function sendJson(body, { native = true } = {}) {
  const url = new URL(JSON_URL);
  if (native) url.searchParams.set("types", "native");
  return send(url, { method: "POST", body, headers: { "Content-Type": "application/json" } });
}

/** Calls a method and resolves to its result; an envelope with an error becomes a Failure. */
export async function call(method, params = {}) {
  const reply = await sendJson(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  if (reply.status !== 200) throw new Failure("http", serverError(reply));
  const { result, error } = parsed(reply.text);
  if (error) throw new Failure("rpc", error.message);
  if (typeof result === "object" && !result.success) {
    throw new Failure("refused", result.error.msg);
  }
  return result;
}

/** Gets a contract of the service, such as OpenRPC. */
export async function describe(url) {
  const reply = await send(url);
  if (reply.status !== 200) throw new Failure("http", serverError(reply));
  return reply.text;
}

const serverError = ({ status, statusText }) =>
  `The server responded with ${`${status} ${statusText}`.trim()}. Try again in a moment. If the ` +
  "error persists, see the server’s log.";

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure("http", "The response isn’t JSON. Another program may be serving this URL.");
  }
}
