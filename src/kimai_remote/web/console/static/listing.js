// What lists of entries have in common: a card with a heading, rows that can be edited and deleted.

import { confirmation } from "./dialogs.js";
import { announce, button, el, fill, uid } from "./dom.js";

/** A card with a list: `{element, place, heading, draw}`. */
export class Listing {
  /**
   * @param {string} title
   * @param {string} add The text of the button that adds to it.
   * @param {() => void} adding What the button does.
   */
  constructor(title, add, adding) {
    this.heading = el("h2", { id: uid(), tabindex: "-1" }, title);
    this.place = el("div", {});
    this.element = el(
      "section",
      { class: "card", "aria-labelledby": this.heading.id },
      el("div", { class: "block-head" }, this.heading, button(add, adding)),
      this.place,
    );
  }

  /** Draws the list anew; what is focused stays focused, or its heading if it is gone. */
  draw(...content) {
    const active = document.activeElement;
    const key = this.place.contains(active) && active.dataset.key;
    fill(this.place, ...content);
    if (!key) return;
    const again = this.place.querySelector(`[data-key="${CSS.escape(key)}"]`);
    (again ?? this.heading).focus();
  }

  /** Asks, deletes, and says so; resolves to whether it was done. */
  async remove(kind, text, submit) {
    const removed = await confirmation({
      title: `Delete this ${kind}?`,
      text: `${text}. It can’t be brought back.`,
      action: "Delete",
      submit,
    });
    if (!removed) return false;
    this.heading.focus();
    announce("Deleted.");
    return true;
  }
}

/** The buttons of a row. `what` names it for those who don't see the row. */
export function rowActions(id, what, edit, remove) {
  const action = (label, click) =>
    button(label, click, {
      class: "quiet",
      "aria-label": `${label} ${what}`,
      "data-key": `${label} ${id}`,
    });
  return el("div", { class: "row-actions" }, action("Edit", edit), action("Delete", remove));
}

/** The name of a row, and what is known besides. */
export function rowTexts(name, notes) {
  return el(
    "div",
    { class: "what" },
    el("span", { class: "name" }, name),
    el("span", { class: "hint" }, notes.filter(Boolean).join(" · ")),
  );
}
