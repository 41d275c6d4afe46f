// Hours per day and per project. Each drawing has a table with the same data.

import { dayOf, hours, isToday, midnight, shortDay } from "./dates.js";
import { el, fill } from "./dom.js";
import { byProject, colours, total, within } from "./durations.js";

/** Draws both charts; open tables stay open. */
export function charts(container, entries, { days }) {
  const open = [...container.querySelectorAll("details")].map((details) => details.open);
  if (!entries.length) {
    fill(container, el("p", { class: "empty" }, "No time was recorded in this week."));
    return;
  }
  const projects = byProject(entries);
  const colour = colours(entries);
  const perDay = days.map((day) => ({
    day,
    parts: projects
      .map(({ id }) => ({
        id,
        seconds: entries
          .filter(({ projectID }) => projectID === id)
          .reduce((sum, entry) => sum + within(entry, day, midnight(day, 1)), 0),
      }))
      .filter(({ seconds }) => seconds > 0),
  }));
  fill(container, dayChart(perDay, colour), projectChart(projects, colour, total(entries)));
  for (const [index, details] of container.querySelectorAll("details").entries()) {
    details.open = open[index] ?? false;
  }
}

function dayChart(perDay, colour) {
  const sums = perDay.map(({ parts }) => parts.reduce((sum, { seconds }) => sum + seconds, 0));
  const max = Math.max(...sums, 3600);
  const columns = perDay.map(({ day, parts }, index) => {
    const bar = el(
      "div",
      { class: "bar" },
      parts.map(({ id, seconds }) =>
        sized(el("span", { class: colour.get(id) }), "height", seconds / sums[index]),
      ),
    );
    return el(
      "div",
      { class: isToday(day) ? "column today" : "column" },
      el(
        "div",
        { class: "space" },
        el("span", { class: "value" }, sums[index] ? hours(sums[index]) : "–"),
        sized(bar, "height", (sums[index] / max) * 0.86),
      ),
      el("span", { class: "day" }, shortDay(day)),
    );
  });
  const rows = perDay.map(({ day }, index) => [dayOf(day), hours(sums[index])]);
  return figure("Hours per day", el("div", { class: "columns" }, columns), "Day", rows);
}

function projectChart(projects, colour, sum) {
  const max = projects[0].seconds || 1;
  const bars = projects.map(({ id, name, customer, seconds }) =>
    el(
      "div",
      { class: "line" },
      el("span", { class: "name" }, name, customer && el("span", { class: "hint" }, customer)),
      el("span", { class: "value" }, hours(seconds)),
      el(
        "div",
        { class: "track" },
        sized(el("span", { class: colour.get(id) }), "width", seconds / max),
      ),
    ),
  );
  const rows = projects.map(({ name, seconds }) => [name, hours(seconds)]);
  return figure("Hours per project", el("div", { class: "lines" }, bars), "Project", [
    ...rows,
    ["Total", hours(sum)],
  ]);
}

function figure(title, drawing, heading, rows) {
  drawing.setAttribute("aria-hidden", "true");
  const body = rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "number" }, value)),
  );
  const head = [heading, "Hours"].map((text) => el("th", { scope: "col" }, text));
  const table = el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body));
  return el(
    "figure",
    {},
    el("figcaption", {}, title),
    drawing,
    el(
      "details",
      {},
      el("summary", {}, "As a table", el("span", { class: "off-screen" }, `: ${title}`)),
      table,
    ),
  );
}

/** Sets a size through the CSSOM, which the Content-Security-Policy allows. */
function sized(element, dimension, fraction) {
  element.style[dimension] = `${(100 * fraction).toFixed(2)}%`;
  return element;
}
