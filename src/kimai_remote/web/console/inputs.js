// Inputs for times and amounts, and what is said where one can't be read.

import { el } from "./dom.js";

/** An error about an input, which is focused where the error is shown. */
export const wrong = (field, text) => Object.assign(new Error(text), { field });

/** What each input for a time was made with. */
const made = new WeakMap();

/** An input for a time in unix seconds, in this browser's time zone; none if it is 0. */
export function momentInput(seconds) {
  const value = seconds ? local(seconds) : "";
  const input = el("input", { type: "datetime-local", step: "1", value });
  made.set(input, { seconds, value: input.value });
  return input;
}

function local(seconds) {
  const date = new Date(seconds * 1000);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/** The unix seconds in it, as the text that the API takes; `what` names it in the error. */
export function momentOf(input, what) {
  const { seconds, value } = made.get(input);
  // When clocks go back an hour comes twice; what wasn't touched stays in the one that it was in.
  if (seconds && input.value === value) return String(seconds);
  const typed = new Date(input.value).getTime() / 1000;
  if (typed > 0) return String(typed);
  throw wrong(input, `Give a date and time for the ${what}.`);
}

export const amountInput = (value) =>
  el("input", { inputmode: "decimal", autocomplete: "off", value: String(value) });

/** The amount in it; a decimal comma is taken too. */
export function amountOf(input, what) {
  const text = input.value.trim().replace(",", ".");
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw wrong(input, `Give a number for ${what}.`);
}

export const textInput = (value, attributes = {}) =>
  el("input", { autocomplete: "off", value: value ?? "", ...attributes });

/** Several lines; it grows with them. */
export const textArea = (value = "") => el("textarea", { rows: "1", value: value ?? "" });

/** The members that differ; what is undefined is left out. */
export function changes(before, after) {
  const differs = ([name, value]) => value !== undefined && value !== before[name];
  return Object.fromEntries(Object.entries(after).filter(differs));
}
