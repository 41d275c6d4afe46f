// The dialogs that add and correct a time entry.

import { now } from "./clock.js";
import { dialog } from "./dialogs.js";
import { el, field, fill } from "./dom.js";
import { changes, momentInput, momentOf, textArea, textInput, wrong } from "./inputs.js";
import { ask } from "./session.js";
import { workPicker } from "./work.js";

const QUARTER = 900;

/** Adds an entry, by default like `last`, for the last hour; resolves to whether it was added. */
export function addEntry(work, last) {
  const end = Math.floor(now() / QUARTER) * QUARTER;
  const form = entryForm(work, { start: end - 3600, end });
  form.picker.set(last?.projectID, last?.activityID, last && namesOf(last));
  return dialog({
    title: "Add an entry",
    content: form.content,
    action: "Add",
    focus: form.picker.project,
    submit: () => ask("setTimesheetRecord", { record: form.read(), doUpdate: false }),
  });
}

/** Corrects a stored entry; only what was changed is sent. */
export function editEntry(work, entry) {
  const form = entryForm(work, entry);
  const before = {
    projectId: entry.projectID,
    taskId: entry.activityID,
    start: String(entry.start),
    end: entry.end ? String(entry.end) : undefined,
    ...form.texts(),
  };
  const opened = form.picker.set(entry.projectID, entry.activityID, namesOf(entry));
  return dialog({
    title: "Edit the entry",
    content: form.content,
    action: "Save",
    focus: form.description,
    async submit() {
      await opened;
      const record = changes(before, form.read());
      if (!Object.keys(record).length) return;
      const id = entry.timeEntryID;
      await ask("setTimesheetRecord", { record: { id, ...record }, doUpdate: true });
    },
  });
}

const namesOf = ({ projectName, activityName }) => ({ project: projectName, task: activityName });

function entryForm(work, entry) {
  const failed = el("p", { class: "error", role: "alert" });
  const picker = workPicker(work, (message) => fill(failed, message));
  const start = momentInput(entry.start);
  const end = momentInput(entry.end);
  const description = textArea(entry.description);
  const comment = textArea(entry.comment);
  const location = textInput(entry.location, { maxlength: "50" });
  const tracking = textInput(entry.trackingNumber, { maxlength: "30" });
  const isRunning = entry.timeEntryID && !entry.end;

  const texts = () => ({
    description: description.value,
    comment: comment.value,
    location: location.value,
    trackingNumber: tracking.value,
  });

  return {
    picker,
    description,
    content: [
      failed,
      el(
        "div",
        { class: "fields" },
        picker.elements,
        field("Start", start),
        field("End", end, isRunning ? "Empty while it is running; an end stops it." : ""),
        field("Description", description),
        field("Location", location),
        field("Comment", comment),
        field("Tracking number", tracking),
      ),
    ],
    texts,
    read() {
      const from = momentOf(start, "start");
      const to = end.value || !isRunning ? momentOf(end, "end", Number(from)) : undefined;
      if (Number(to) <= Number(from)) throw wrong(end, "The end has to be after the start.");
      return { ...picker.chosen(), start: from, end: to, ...texts() };
    },
  };
}
