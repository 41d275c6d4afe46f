// The API key and the password, which are shown only on request.

import { Secret } from "./snippets.js";
import { session } from "./session.js";

const KNOWN = {
  apiKey: new Secret("KIMAI_API_KEY", "YOUR_API_KEY", true),
  password: new Secret("KIMAI_PASSWORD", "YOUR_PASSWORD", false),
};

/** Parameters as they are sent: with the user's own key if none is entered. */
export function sent(method, values) {
  const own = session()?.key;
  const keyed = method.params.some(({ name }) => name === "apiKey");
  return keyed && !values.apiKey && own ? { ...values, apiKey: own } : values;
}

/** Parameters as they are shown: with secrets or with placeholders. */
export function shown(method, values, withSecrets) {
  const members = method.params
    .map(({ name }) => [name, sent(method, values)[name]])
    .map(([name, value]) => [name, KNOWN[name] && (!withSecrets || !value) ? KNOWN[name] : value])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
}

/** A response as it is shown: with the user's own key or with a placeholder. */
export function shownResponse(text, withSecrets) {
  const own = session()?.key;
  return own && !withSecrets ? text.replaceAll(own, KNOWN.apiKey.shown) : text;
}
