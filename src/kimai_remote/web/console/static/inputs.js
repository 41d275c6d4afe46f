// Inputs for times, amounts and texts, and errors about them.

import { el } from "./dom.js";

/** An error about an input, which gets the focus when the error is shown. */
export const inputError = (field, text) => Object.assign(new Error(text), { field });

/** The original value of each time input. */
const originals = new WeakMap();

/** An input in this browser's time zone for a time in unix seconds; it is empty for 0. */
export function timeInput(seconds) {
  const value = seconds ? local(seconds) : "";
  const input = el("input", { type: "datetime-local", step: "1", value });
  originals.set(input, { seconds, value: input.value });
  return input;
}

function local(seconds) {
  const date = new Date(seconds * 1000);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/**
 * Returns the entered time in unix seconds, as a string for the API.
 *
 * @param {string} what The name of the time in the error.
 * @param {number} [after] An earlier time, which decides when the entered one is ambiguous.
 */
export function timestampOf(input, what, after = 0) {
  const { seconds, value } = originals.get(input);
  if (seconds && input.value === value) return String(seconds);
  const typed = new Date(input.value).getTime() / 1000;
  if (!(typed > 0)) throw inputError(input, `Enter a date and time for the ${what}.`);
  const candidates = timestampsWritten(typed, input.value);
  if (!candidates.length) {
    throw inputError(
      input,
      "This time doesn’t exist, because the clocks went forward. Enter another time.",
    );
  }
  // When clocks go back, an hour occurs twice. Prefer the one with the original offset.
  const possible = candidates.filter((timestamp) => timestamp > after);
  const same = possible.find((timestamp) => seconds && offset(timestamp) === offset(seconds));
  return String(same ?? possible[0] ?? candidates[0]);
}

const offset = (seconds) => new Date(seconds * 1000).getTimezoneOffset();

/** The timestamps with this local time: none when clocks went forward, two when they went back. */
function timestampsWritten(typed, written) {
  const whole = written.length === 16 ? `${written}:00` : written.slice(0, 19);
  const steps = [-3600, -1800, 0, 1800, 3600];
  return steps.map((step) => typed + step).filter((timestamp) => local(timestamp) === whole);
}

export const amountInput = (value) =>
  el("input", { inputmode: "decimal", autocomplete: "off", value: String(value) });

/** Returns the entered amount; a decimal comma is allowed. */
export function amountOf(input, what) {
  const text = input.value.trim().replace(",", ".");
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw inputError(input, `Enter a number for ${what}.`);
}

export const textInput = (value, attributes = {}) =>
  el("input", { autocomplete: "off", value: value ?? "", ...attributes });

/** A text area that grows with its content. */
export const textArea = (value = "") => el("textarea", { rows: "1", value: value ?? "" });

/** Returns the members of `after` that differ from `before`, without undefined ones. */
export function changes(before, after) {
  const differs = ([name, value]) => value !== undefined && value !== before[name];
  return Object.fromEntries(Object.entries(after).filter(differs));
}
