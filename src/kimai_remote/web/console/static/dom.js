// Creating elements. Values from the server are only ever set as text.

let count = 0;

/** Returns an id that no other element has. */
export const uid = () => `x${++count}`;

/**
 * Creates an element.
 *
 * @param {string} tag
 * @param {Object} attributes A function is a listener of the event of that name, `value`, `checked`
 *   and `selected` are set as properties; undefined, null and false are left out.
 * @param {...(Node|string|null|Array)} children Strings become text, never markup.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (["value", "checked", "selected"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  fill(element, ...children);
  return element;
}

/** Replaces the content of an element. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child || child === 0));
}

/** A button with a click handler. */
export function button(label, click, attributes = {}) {
  return el("button", { type: "button", click, ...attributes }, label);
}

/** A form control with its label and a hint that describes it. */
export function field(label, control, hint = "") {
  control.id ||= uid();
  const note = hint && el("span", { class: "hint", id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, note);
}

/** A select element; `options` are pairs of value and text. */
export function select(options, chosen, attributes = {}) {
  return el(
    "select",
    attributes,
    options.map(([value, text]) => option(value, text, chosen)),
  );
}

export function option(value, text, chosen) {
  return el("option", { value, selected: String(value) === String(chosen ?? "") }, text);
}

/** Shows a short message, which screen readers announce. */
export function announce(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => {
    toast.classList.remove("shown");
    toast.textContent = "";
  }, 5000);
}

/** An error message in place of content, with a button to try again if `retry` is given. */
export function problem(text, retry) {
  return el(
    "div",
    { class: "problem", role: "alert" },
    el("p", {}, text),
    retry && button("Try again", retry),
  );
}

/** Copies text to the clipboard; `what` names it in the message. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers have no clipboard API for pages that were loaded over plain HTTP from another machine.
    const area = el("textarea", { value: text, class: "off-screen", "aria-hidden": "true" });
    const focused = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    if (!done) {
      announce("The browser doesn’t allow copying here. Select the text instead.");
      return;
    }
  }
  announce(`${what} copied.`);
}
