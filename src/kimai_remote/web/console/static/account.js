// Signing in and out.

import { announce, button, el, field, fill } from "./dom.js";
import { dialog } from "./dialogs.js";
import { wrong } from "./inputs.js";
import { onSession, session, signIn, signOut } from "./session.js";

/** Shows who is signed in, and the way in or out. */
export function account(place) {
  function show() {
    const current = session();
    fill(
      place,
      current
        ? [
            el(
              "span",
              { class: "who" },
              el("span", { class: "off-screen" }, "Signed in as "),
              current.user,
            ),
            button("Sign out", () => {
              signOut();
              announce("Signed out.");
            }),
          ]
        : button("Sign in", askWho, { class: "primary" }),
    );
  }
  onSession((current, reason) => {
    show();
    if (!current) place.querySelector("button").focus();
    if (reason) announce(reason);
  });
  place.hidden = false;
  show();
}

/** The dialog to sign in with; resolves to whether somebody did. */
export async function askWho() {
  const name = el("input", {
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const password = el("input", { type: "password", autocomplete: "current-password" });
  const done = await dialog({
    title: "Sign in",
    content: [
      field("Name", name),
      field("Password", password),
      el(
        "p",
        { class: "hint" },
        "The service answers with your API key. It stays in this browser tab and is gone when the tab is closed.",
      ),
    ],
    action: "Sign in",
    focus: name,
    async submit() {
      for (const input of [name, password]) {
        if (!input.value) throw wrong(input, "Type your name and your password.");
      }
      try {
        await signIn(name.value, password.value);
      } catch (error) {
        password.select();
        throw Object.assign(error, { field: password });
      }
    },
  });
  if (done) announce(`Signed in as ${session().user}.`);
  return done;
}
