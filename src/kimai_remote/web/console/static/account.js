// Signing in and out.

import { announce, button, el, field, fill } from "./dom.js";
import { dialog } from "./dialogs.js";
import { inputError } from "./inputs.js";
import { onSession, session, signIn, signOut } from "./session.js";

/** Shows the signed-in user, and a button to sign in or out. */
export function account(container) {
  function show() {
    const current = session();
    fill(
      container,
      current
        ? [
            el(
              "span",
              { class: "user" },
              el("span", { class: "off-screen" }, "Signed in as "),
              current.user,
            ),
            button("Sign out", () => {
              signOut();
              announce("Signed out.");
            }),
          ]
        : button("Sign in", showSignIn, { class: "primary" }),
    );
  }
  onSession((current, reason) => {
    show();
    if (!current) container.querySelector("button").focus();
    if (reason) announce(reason);
  });
  container.hidden = false;
  show();
}

/** Opens the sign-in dialog; resolves to whether the user signed in. */
export async function showSignIn() {
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
        "The service returns your API key. It is kept in this browser tab and deleted when you close the tab.",
      ),
    ],
    action: "Sign in",
    focus: name,
    async submit() {
      for (const input of [name, password]) {
        if (!input.value) throw inputError(input, "Enter your name and your password.");
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
