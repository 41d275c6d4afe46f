// The common parts of the lists of entries and expenses: a card, and rows to edit and delete.

import { confirmation } from "./dialogs.js";
import { announce, button, el, fill, uid } from "./dom.js";

/** A card with a list: `{element, content, heading, draw}`. */
export class Listing {
  /**
   * @param {string} title
   * @param {string} addLabel The text of the button that adds a record.
   * @param {() => void} add The action of that button.
   */
  constructor(title, addLabel, add) {
    this.heading = el("h2", { id: uid(), tabindex: "-1" }, title);
    this.content = el("div", {});
    this.element = el(
      "section",
      { class: "card", "aria-labelledby": this.heading.id },
      el("div", { class: "block-head" }, this.heading, button(addLabel, add)),
      this.content,
    );
  }

  /** Redraws the list. A focused button keeps the focus; if it is gone, the heading gets it. */
  draw(...children) {
    const active = document.activeElement;
    const key = this.content.contains(active) && active.dataset.key;
    fill(this.content, ...children);
    if (!key) return;
    const redrawn = this.content.querySelector(`[data-key="${CSS.escape(key)}"]`);
    (redrawn ?? this.heading).focus();
  }

  /** Deletes after a confirmation; resolves to whether it was done. */
  async remove(noun, text, submit) {
    const removed = await confirmation({
      title: `Delete this ${noun}?`,
      text: `${text}. This can’t be undone.`,
      action: "Delete",
      submit,
    });
    if (!removed) return false;
    this.heading.focus();
    announce("Deleted.");
    return true;
  }
}

/** The buttons of a row. `what` names the row for screen readers. */
export function rowActions(id, what, edit, remove) {
  const action = (label, click) =>
    button(label, click, {
      class: "quiet",
      "aria-label": `${label} ${what}`,
      "data-key": `${label} ${id}`,
    });
  return el("div", { class: "row-actions" }, action("Edit", edit), action("Delete", remove));
}

/** The name of a row, and notes about it. */
export function rowTexts(name, notes) {
  return el(
    "div",
    { class: "what" },
    el("span", { class: "name" }, name),
    el("span", { class: "hint" }, notes.filter(Boolean).join(" · ")),
  );
}
