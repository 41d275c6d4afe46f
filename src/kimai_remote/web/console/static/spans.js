// Sums over time entries. An entry without an end runs until now.

import { now } from "./clock.js";

const COLOURS = 8;

export const endOf = ({ end }) => end || Math.max(now(), 0);

export const lengthOf = (entry) => Math.max(0, endOf(entry) - entry.start);

export const total = (entries) => entries.reduce((sum, entry) => sum + lengthOf(entry), 0);

/** Seconds of an entry that are between two times. */
export const within = (entry, from, to) =>
  Math.max(0, Math.min(endOf(entry), to) - Math.max(entry.start, from));

/** Projects by the time spent on them, most first: `{id, name, customer, seconds}`. */
export function byProject(entries) {
  const projects = new Map();
  for (const entry of entries) {
    const { projectID: id, projectName: name, customerName: customer } = entry;
    const known = projects.get(id) ?? { id, name: name ?? `Project ${id}`, customer, seconds: 0 };
    projects.set(id, { ...known, seconds: known.seconds + lengthOf(entry) });
  }
  return [...projects.values()].sort((one, other) => other.seconds - one.seconds);
}

/** The class of the colour of each project, by its number. */
export const colours = (entries) =>
  new Map(byProject(entries).map(({ id }, place) => [id, `c${place % COLOURS}`]));
