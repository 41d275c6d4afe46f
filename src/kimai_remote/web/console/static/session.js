// Who is signed in. The key is in this tab's sessionStorage, which ends with the tab; where that is
// switched off, in memory alone. It is never in an address, a cookie or localStorage.

import { call, Failure } from "./api.js";

const STORE = "kimai-remote-session";
/** The service's words for a key that is worthless, and for what its user may not do. */
const DENIED = "Unknown user or no permissions.";

let current = restored();
const listeners = [];

/** `{user, key}`, or null. */
export const session = () => current;

/** Calls `listener(session, reason)` at each sign-in and sign-out. */
export const onSession = (listener) => listeners.push(listener);

export async function signIn(user, password) {
  let result;
  try {
    result = await call("authenticate", { username: user, password });
  } catch (error) {
    if (error.message !== DENIED) throw error;
    throw new Failure("refused", "Wrong name or password.");
  }
  change({ user, key: result.items[0].apiKey });
}

export const signOut = (reason = "") => change(null, reason);

/** Calls a method with the key of who is signed in. */
export async function ask(method, params = {}) {
  const asking = current;
  if (!asking) throw new Failure("refused", "Sign in first.");
  try {
    return await call(method, { apiKey: asking.key, ...params });
  } catch (error) {
    if (error.message !== DENIED) throw error;
    await check(asking);
    throw new Failure("refused", "You have no permission for this.");
  }
}

/**
 * Signs out if the key is worthless. The service says the same for what the user may not do, so
 * this asks for what everybody may see.
 */
export async function check(asking = current) {
  try {
    await call("getUsers", { apiKey: asking.key });
  } catch (error) {
    if (error.message !== DENIED) return;
    if (asking === current) signOut("Your key isn’t valid any more. Please sign in again.");
    throw new Failure("refused", "Your key isn’t valid any more.");
  }
}

/** Whether the service's answer, as a text, says that the key (or its user) is refused. */
export const isDenied = (text) => text.includes(DENIED);

function change(next, reason = "") {
  current = next;
  try {
    if (next) sessionStorage.setItem(STORE, JSON.stringify(next));
    else sessionStorage.removeItem(STORE);
  } catch {
    // Switched off: memory has to do.
  }
  for (const listener of listeners) listener(current, reason);
}

function restored() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE));
    return kept?.key && kept?.user ? kept : null;
  } catch {
    return null;
  }
}
