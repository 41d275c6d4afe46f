// The entries of a week by day, with actions to add, edit and delete them.

import { dayOf, hours, isToday, midnight, timeOf } from "./dates.js";
import { announce, el, fill } from "./dom.js";
import { addEntry, editEntry } from "./entry-form.js";
import { Listing, rowActions, rowTexts } from "./listing.js";
import { callAsUser } from "./session.js";
import { durationOf, total } from "./durations.js";
import { grouped } from "./catalog.js";

/**
 * @param {Catalog} catalog
 * @param {() => void} changed Called after an entry has changed; reloads the week.
 */
export function entriesList(catalog, changed) {
  let entries = [];
  let colour = new Map();
  const listing = new Listing("Entries", "Add an entry", async () => {
    if (await addEntry(catalog, entries[0])) done("Entry added.");
  });

  function done(text) {
    announce(text);
    changed();
  }

  async function edit({ timeEntryID: id }) {
    let stored;
    try {
      // The times in the list are clipped to the week.
      [stored] = (await callAsUser("getTimesheetRecord", { id })).items;
    } catch (error) {
      announce(error.message);
      return;
    }
    if (await editEntry(catalog, stored)) done("Entry saved.");
  }

  async function remove(entry) {
    const text = `${namesOf(entry)}, ${dayOf(entry.start)}, ${spanOf(entry)}`;
    const submit = () => callAsUser("removeTimesheetRecord", { id: entry.timeEntryID });
    if (await listing.remove("entry", text, submit)) changed();
  }

  function row(entry) {
    const what = `${namesOf(entry)}, ${spanOf(entry)}`;
    return el(
      "li",
      { class: "entry" },
      el("span", { class: `swatch ${colour.get(entry.projectID)}`, "aria-hidden": "true" }),
      rowTexts(namesOf(entry), [entry.customerName, entry.description]),
      el("span", { class: "span" }, spanOf(entry)),
      el("span", { class: "value" }, hours(durationOf(entry))),
      rowActions(
        entry.timeEntryID,
        what,
        () => edit(entry),
        () => remove(entry),
      ),
    );
  }

  function draw() {
    const days = [...grouped(entries, ({ start }) => midnight(start))].map(([day, list]) =>
      el(
        "section",
        { class: "day-list" },
        el(
          "h3",
          {},
          el("span", {}, isToday(day) ? `Today, ${dayOf(day)}` : dayOf(day)),
          el("span", { class: "value" }, hours(total(list))),
        ),
        el("ul", {}, list.map(row)),
      ),
    );
    const none = "No entries in this week. Start the timer, or add an entry.";
    listing.draw(days, !days.length && el("p", { class: "empty" }, none));
  }

  return {
    element: listing.element,
    clear: () => fill(listing.content),
    tick: draw,
    show(list, colourOf) {
      [entries, colour] = [list, colourOf];
      draw();
    },
  };
}

const namesOf = ({ projectName, activityName }) =>
  `${projectName ?? "Unknown project"} · ${activityName ?? "Unknown task"}`;

function spanOf({ start, end }) {
  if (!end) return `${timeOf(start)} – now`;
  const days = Math.round((midnight(end - 1) - midnight(start)) / 86_400);
  return `${timeOf(start)} – ${timeOf(end)}${days ? ` (+${days})` : ""}`;
}
