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

/**
 * The unix seconds in it, as the text that the API takes.
 *
 * @param {string} what Names it in the error.
 * @param {number} [after] What it has to be after, if it can.
 */
export function momentOf(input, what, after = 0) {
  const { seconds, value } = made.get(input);
  if (seconds && input.value === value) return String(seconds);
  const typed = new Date(input.value).getTime() / 1000;
  if (!(typed > 0)) throw wrong(input, `Give a date and time for the ${what}.`);
  const found = meant(typed, input.value);
  if (!found.length) {
    throw wrong(input, "There is no such time: the clocks went forward then. Give another one.");
  }
  // When clocks go back an hour comes twice. It is the one that it was in, if that is possible, or
  // else the first.
  const possible = found.filter((moment) => moment > after);
  const same = possible.find((moment) => seconds && offset(moment) === offset(seconds));
  return String(same ?? possible[0] ?? found[0]);
}

const offset = (seconds) => new Date(seconds * 1000).getTimezoneOffset();

/** The moments that are written so: none when clocks went forward, two when they went back. */
function meant(typed, written) {
  const whole = written.length === 16 ? `${written}:00` : written.slice(0, 19);
  const steps = [-3600, -1800, 0, 1800, 3600];
  return steps.map((step) => typed + step).filter((moment) => local(moment) === whole);
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
