// What is not shown unless somebody asks for it: the API key and a password.

import { Secret } from "./snippets.js";
import { session } from "./session.js";

const KNOWN = {
  apiKey: new Secret("KIMAI_API_KEY", "YOUR_API_KEY", true),
  password: new Secret("KIMAI_PASSWORD", "YOUR_PASSWORD", false),
};

/** Parameters as they are sent: one's own key where none is typed. */
export function sent(method, values) {
  const own = session()?.key;
  const keyed = method.params.some(({ name }) => name === "apiKey");
  return keyed && !values.apiKey && own ? { ...values, apiKey: own } : values;
}

/** Parameters as they are shown: with secrets, or with what stands for them. */
export function shown(method, values, withSecrets) {
  const members = method.params
    .map(({ name }) => [name, sent(method, values)[name]])
    .map(([name, value]) => [name, KNOWN[name] && (!withSecrets || !value) ? KNOWN[name] : value])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
}

/** An answer as it is shown: one's own key may be in it. */
export function shownAnswer(text, withSecrets) {
  const own = session()?.key;
  return own && !withSecrets ? text.replaceAll(own, KNOWN.apiKey.shown) : text;
}
