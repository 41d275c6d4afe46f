// Durations of time entries and their sums. An entry without an end lasts until now.

import { now } from "./clock.js";

const COLOURS = 8;

export const endOf = ({ end }) => end || Math.max(now(), 0);

export const durationOf = (entry) => Math.max(0, endOf(entry) - entry.start);

export const total = (entries) => entries.reduce((sum, entry) => sum + durationOf(entry), 0);

/** The seconds of an entry between two times. */
export const within = (entry, from, to) =>
  Math.max(0, Math.min(endOf(entry), to) - Math.max(entry.start, from));

/** Projects by time spent, longest first: `{id, name, customer, seconds}`. */
export function byProject(entries) {
  const projects = new Map();
  for (const entry of entries) {
    const { projectID: id, projectName: name, customerName: customer } = entry;
    const sum = projects.get(id) ?? { id, name: name ?? `Project ${id}`, customer, seconds: 0 };
    projects.set(id, { ...sum, seconds: sum.seconds + durationOf(entry) });
  }
  return [...projects.values()].sort((one, other) => other.seconds - one.seconds);
}

/** The CSS class for the colour of each project, by its ID. */
export const colours = (entries) =>
  new Map(byProject(entries).map(({ id }, index) => [id, `c${index % COLOURS}`]));
