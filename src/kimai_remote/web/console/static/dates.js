// Days, weeks and the format of times. Parameters are unix seconds; output is in this browser's time
// zone.

import { now } from "./clock.js";

// The page is in English, so its dates are too.
const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const format = (options) => {
  const formatter = new Intl.DateTimeFormat(LOCALE, options);
  return (seconds) => formatter.format(seconds * 1000);
};

export const timeOf = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const dayOf = format({ weekday: "long", day: "numeric", month: "long" });
export const shortDay = format({ weekday: "short" });
export const dateOf = format({ day: "numeric", month: "short", year: "numeric" });
const rangeFormatter = new Intl.DateTimeFormat(LOCALE, {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** The name of the time zone that all times are shown in. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Midnight `days` days after the day of a time; correct when clocks change. */
export function midnight(seconds, days = 0) {
  const date = new Date(seconds * 1000);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime() / 1000;
}

/** The week (Monday to Sunday) `weeks` after this one: `{from, to, days}`, days are midnights. */
export function week(weeks) {
  const weekday = (new Date(now() * 1000).getDay() + 6) % 7;
  const first = midnight(now(), 7 * weeks - weekday);
  const days = [0, 1, 2, 3, 4, 5, 6].map((day) => midnight(first, day));
  return { from: first, to: midnight(first, 7), days };
}

export const rangeOf = ({ from, days }) => rangeFormatter.formatRange(from * 1000, days[6] * 1000);

export const isToday = (seconds) => midnight(seconds) === midnight(now());

/** A duration such as 1:05, as Kimai shows it. */
export function hours(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** A duration such as 1:05:30. */
export function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${hours(whole)}:${String(whole % 60).padStart(2, "0")}`;
}
