// Dialogs with a form, and confirmations.

import { button, el, fill, uid } from "./dom.js";

/**
 * Opens a dialog with a form.
 *
 * @param {Object} options
 * @param {string} options.title
 * @param {Array} options.content
 * @param {string} options.action The text of the submit button.
 * @param {string} [options.style] A class for that button.
 * @param {() => Promise} options.submit The action; the dialog shows its error and stays open.
 * @param {HTMLElement} [options.focus] The element that is focused first.
 * @returns {Promise<boolean>} Whether the action was done, once the dialog is closed.
 */
export function dialog({ title, content, action, style = "primary", submit, focus }) {
  const heading = el("h2", { id: uid() }, title);
  const error = el("p", { class: "error", role: "alert" });
  const submitButton = el("button", { class: style, type: "submit" }, action);
  const cancel = button("Cancel", () => box.close());
  let done = false;
  let busy = false;

  async function onSubmit(event) {
    event.preventDefault();
    if (busy) return;
    busy = true;
    submitButton.setAttribute("aria-disabled", "true");
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
      submitButton.removeAttribute("aria-disabled");
    }
  }

  const form = el(
    "form",
    { submit: onSubmit, novalidate: true },
    heading,
    content,
    error,
    el("div", { class: "actions" }, cancel, submitButton),
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

/** Asks for confirmation of an action that can't be undone. */
export function confirmation({ title, text, action, submit }) {
  return dialog({ title, content: [el("p", {}, text)], action, style: "danger", submit });
}
