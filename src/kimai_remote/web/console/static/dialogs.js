// Dialogs: forms that save something, and questions.

import { button, el, fill, uid } from "./dom.js";

/**
 * Opens a dialog with a form.
 *
 * @param {Object} what
 * @param {string} what.title
 * @param {Array} what.content
 * @param {string} what.action The text of the button that carries it out.
 * @param {string} [what.style] A class for that button.
 * @param {() => Promise} what.submit Carries it out; its error is shown, and the dialog stays open.
 * @param {HTMLElement} [what.focus] What is focused first.
 * @returns {Promise<boolean>} Whether it was carried out, once the dialog is closed.
 */
export function dialog({ title, content, action, style = "primary", submit, focus }) {
  const heading = el("h2", { id: uid() }, title);
  const error = el("p", { class: "error", role: "alert" });
  const act = el("button", { class: style, type: "submit" }, action);
  const cancel = button("Cancel", () => box.close());
  let done = false;
  let busy = false;

  async function carryOut(event) {
    event.preventDefault();
    if (busy) return;
    busy = true;
    act.setAttribute("aria-disabled", "true");
    fill(error);
    try {
      await submit();
      done = true;
      box.close();
    } catch (failure) {
      fill(error, failure.message);
      failure.field?.focus();
    } finally {
      busy = false;
      act.removeAttribute("aria-disabled");
    }
  }

  const form = el(
    "form",
    { submit: carryOut, novalidate: true },
    heading,
    content,
    error,
    el("div", { class: "actions" }, cancel, act),
  );
  const box = el("dialog", { "aria-labelledby": heading.id }, form);
  document.body.append(box);
  box.showModal();
  (focus ?? cancel).focus();
  return new Promise((resolve) => {
    box.addEventListener("close", () => {
      box.remove();
      resolve(done);
    });
  });
}

/** Asks before something that can't be undone. */
export function confirmation({ title, text, action, submit }) {
  return dialog({ title, content: [el("p", {}, text)], action, style: "danger", submit });
}
