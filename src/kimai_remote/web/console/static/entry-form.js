// The dialogs that add and edit a time entry.

import { now } from "./clock.js";
import { dialog } from "./dialogs.js";
import { el, field, fill } from "./dom.js";
import { changes, timeInput, timestampOf, textArea, textInput, inputError } from "./inputs.js";
import { callAsUser } from "./session.js";
import { projectPicker } from "./catalog.js";

const QUARTER = 900;

/**
 * Adds an entry; resolves to whether it was added. Defaults are the last hour, and the project and
 * task of the entry `last`.
 */
export function addEntry(catalog, last) {
  const end = Math.floor(now() / QUARTER) * QUARTER;
  const form = entryForm(catalog, { start: end - 3600, end });
  form.picker.set(last?.projectID, last?.activityID, last && namesOf(last));
  return dialog({
    title: "Add an entry",
    content: form.content,
    action: "Add",
    focus: form.picker.project,
    submit: () => callAsUser("setTimesheetRecord", { record: form.read(), doUpdate: false }),
  });
}

/** Edits a stored entry; only changed fields are sent. */
export function editEntry(catalog, entry) {
  const form = entryForm(catalog, entry);
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
      await callAsUser("setTimesheetRecord", { record: { id, ...record }, doUpdate: true });
    },
  });
}

const namesOf = ({ projectName, activityName }) => ({ project: projectName, task: activityName });

function entryForm(catalog, entry) {
  const failed = el("p", { class: "error", role: "alert" });
  const picker = projectPicker(catalog, (message) => fill(failed, message));
  const start = timeInput(entry.start);
  const end = timeInput(entry.end);
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
        field(
          "End",
          end,
          isRunning ? "Empty while the entry is running. Enter an end to stop it." : "",
        ),
        field("Description", description),
        field("Location", location),
        field("Comment", comment),
        field("Tracking number", tracking),
      ),
    ],
    texts,
    read() {
      const from = timestampOf(start, "start");
      const to = end.value || !isRunning ? timestampOf(end, "end", Number(from)) : undefined;
      if (Number(to) <= Number(from)) throw inputError(end, "The end must be after the start.");
      return { ...picker.chosen(), start: from, end: to, ...texts() };
    },
  };
}
