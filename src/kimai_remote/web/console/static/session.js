// The signed-in user. The key is in this tab's sessionStorage, which ends with the tab, or in memory if
// storage is disabled. It is never in a URL, a cookie or localStorage.

import { call, Failure } from "./api.js";

const STORE = "kimai-remote-session";
/** The service's error for an invalid key and for a missing permission. */
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

/** Calls a method with the key of the signed-in user. */
export async function callAsUser(method, params = {}) {
  const caller = current;
  if (!caller) throw new Failure("refused", "Sign in first.");
  try {
    return await call(method, { apiKey: caller.key, ...params });
  } catch (error) {
    if (error.message !== DENIED) throw error;
    await check(caller);
    throw new Failure("refused", "You have no permission for this.");
  }
}

/**
 * Signs out if the key is invalid. The service returns the same error for a missing permission, so
 * this calls a method that every user may call.
 */
export async function check(caller = current) {
  try {
    await call("getUsers", { apiKey: caller.key });
  } catch (error) {
    if (error.message !== DENIED) return;
    if (caller === current) signOut("Your key is no longer valid. Sign in again.");
    throw new Failure("refused", "Your key is no longer valid.");
  }
}

/** Whether the text of a response says that the key or its user is refused. */
export const isDenied = (text) => text.includes(DENIED);

function change(next, reason = "") {
  current = next;
  try {
    if (next) sessionStorage.setItem(STORE, JSON.stringify(next));
    else sessionStorage.removeItem(STORE);
  } catch {
    // Storage is disabled, so the session is in memory only.
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
