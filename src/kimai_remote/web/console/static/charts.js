// Hours per day and per project. The drawings are for the eye; a table says the same.

import { dayOf, hours, isToday, midnight, shortDay } from "./dates.js";
import { el, fill } from "./dom.js";
import { byProject, colours, total, within } from "./spans.js";

/** Draws both; tables that were opened stay open. */
export function charts(place, entries, { days }) {
  const open = [...place.querySelectorAll("details")].map((details) => details.open);
  if (!entries.length) {
    fill(place, el("p", { class: "empty" }, "Nothing recorded in this week."));
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
  fill(place, dayChart(perDay, colour), projectChart(projects, colour, total(entries)));
  for (const [number, details] of place.querySelectorAll("details").entries()) {
    details.open = open[number] ?? false;
  }
}

function dayChart(perDay, colour) {
  const sums = perDay.map(({ parts }) => parts.reduce((sum, { seconds }) => sum + seconds, 0));
  const most = Math.max(...sums, 3600);
  const columns = perDay.map(({ day, parts }, place) => {
    const bar = el(
      "div",
      { class: "bar" },
      parts.map(({ id, seconds }) =>
        sized(el("span", { class: colour.get(id) }), "height", seconds / sums[place]),
      ),
    );
    return el(
      "div",
      { class: isToday(day) ? "column today" : "column" },
      el(
        "div",
        { class: "room" },
        el("span", { class: "value" }, sums[place] ? hours(sums[place]) : "–"),
        sized(bar, "height", (sums[place] / most) * 0.86),
      ),
      el("span", { class: "day" }, shortDay(day)),
    );
  });
  const rows = perDay.map(({ day }, place) => [dayOf(day), hours(sums[place])]);
  return figure("Hours per day", el("div", { class: "columns" }, columns), "Day", rows);
}

function projectChart(projects, colour, all) {
  const most = projects[0].seconds || 1;
  const bars = projects.map(({ id, name, customer, seconds }) =>
    el(
      "div",
      { class: "line" },
      el("span", { class: "name" }, name, customer && el("span", { class: "hint" }, customer)),
      el("span", { class: "value" }, hours(seconds)),
      el(
        "div",
        { class: "track" },
        sized(el("span", { class: colour.get(id) }), "width", seconds / most),
      ),
    ),
  );
  const rows = projects.map(({ name, seconds }) => [name, hours(seconds)]);
  return figure("Hours per project", el("div", { class: "lines" }, bars), "Project", [
    ...rows,
    ["All", hours(all)],
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

/** Sets a size by the style sheet's object model, which a strict policy allows. */
function sized(element, side, part) {
  element.style[side] = `${(100 * part).toFixed(2)}%`;
  return element;
}
