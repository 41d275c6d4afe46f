// The timer: the running recording, and starting another one.

import { now, sync } from "./clock.js";
import { dayOf, isToday, clockText, timeOf } from "./dates.js";
import { announce, el, field, fill, problem } from "./dom.js";
import { changes, textArea } from "./inputs.js";
import { callAsUser } from "./session.js";
import { projectPicker } from "./catalog.js";

const NOT_RECORDING = "No active recording.";

/**
 * @param {Catalog} catalog
 * @param {() => void} changed Called after time entries have changed.
 */
export function timer(catalog, changed) {
  let running = null;
  const error = el("p", { class: "error", role: "alert" });
  const title = el("h2");
  const since = el("p", { class: "hint" });
  const clock = el("p", { class: "clock", role: "timer", "aria-label": "Running time" });
  const description = textArea();
  const comment = textArea();
  const stop = el("button", { type: "submit", class: "stop" }, "Stop");
  const save = el("button", { type: "submit" }, "Save texts");
  const start = el("button", { type: "submit", class: "primary" }, "Start");
  const picker = projectPicker(catalog, (message) => fill(error, message));
  let stored = {};
  const entered = () => ({ description: description.value, comment: comment.value });

  /** Saves the texts of the running entry if they were changed. */
  async function saveTexts() {
    const record = changes(stored, entered());
    if (!running || !Object.keys(record).length) return;
    const { timeEntryID } = running;
    await callAsUser("updateActiveRecording", { record: { timeEntryID, ...record } });
    stored = { ...stored, ...record };
  }

  const stopForm = form(stop, async () => {
    await saveTexts();
    await callAsUser("stopRecord", { entryId: running.timeEntryID });
    await load();
    start.focus();
    announce("Recording stopped.");
    changed();
  });
  const textForm = form(
    save,
    async () => {
      await saveTexts();
      announce("Saved.");
      changed();
    },
    row([field("Description", description), field("Comment", comment)], save),
  );
  const startForm = form(
    start,
    async () => {
      const { projectId, taskId } = picker.chosen();
      await saveTexts();
      await callAsUser("startRecord", { projectId, activityId: taskId });
      await load();
      stop.focus();
      announce("Recording started.");
      changed();
    },
    row(picker.elements, start),
  );

  /** A form that disables its button while it is submitted, and shows errors. */
  function form(submitButton, submit, ...content) {
    return el(
      "form",
      {
        novalidate: true,
        async submit(event) {
          event.preventDefault();
          if (submitButton.hasAttribute("aria-disabled")) return;
          submitButton.setAttribute("aria-disabled", "true");
          fill(error);
          try {
            await submit();
          } catch (failure) {
            fill(error, failure.message);
            failure.field?.focus();
            // The recording may have been stopped or changed elsewhere.
            if (failure.reason === "refused") {
              load();
              changed();
            }
          } finally {
            submitButton.removeAttribute("aria-disabled");
          }
        },
      },
      content.length ? content : submitButton,
    );
  }

  const current = el(
    "div",
    { class: "current" },
    el("div", { class: "recording" }, title, since),
    clock,
    stopForm,
  );
  const another = el("h3", {}, "Start another recording");
  const body = el("div", {}, current, textForm, error, another, startForm);
  const waiting = el("p", { class: "loading", role: "status" }, "Loading the running recording…");
  const element = el("section", { class: "card timer", "aria-label": "Timer" }, waiting);
  let latest = 0;

  async function load() {
    const request = ++latest;
    let active = null;
    let texts = {};
    try {
      active = await activeRecording();
      if (active)
        texts = (await callAsUser("getTimesheetRecord", { id: active.timeEntryID })).items[0];
    } catch (failure) {
      if (request === latest) fill(element, problem(failure.message, load));
      return;
    }
    if (request !== latest) return;
    if (element.firstChild !== body) fill(element, body);
    const other = active?.timeEntryID !== running?.timeEntryID;
    const first = !picker.project.options.length;
    running = active;
    // Don't overwrite texts that the user is entering.
    if (other || !Object.keys(changes(stored, entered())).length) {
      description.value = texts.description ?? "";
      comment.value = texts.comment ?? "";
      stored = entered();
    }
    show();
    if (first) await chooseLast(request);
    // Keep the chosen project and task, with an updated list.
    else if (document.activeElement !== picker.project) await picker.renew();
  }

  /** Chooses the project and task of the last entry. */
  async function chooseLast(request) {
    let last = running;
    try {
      // Of those that begin in the same minute, the newest comes last.
      const { items } = last ? { items: [] } : await callAsUser("getTimesheet", { limit: 10 });
      last ??= items.filter(({ start }) => start === items[0].start).at(-1);
    } catch {
      // Without a last entry, nothing is chosen.
    }
    const isListed = (await catalog.projects().catch(() => [])).some(
      ({ projectID }) => projectID === last?.projectID,
    );
    if (request !== latest) return; // a later load chooses, and the user may have chosen since
    await (isListed ? picker.set(last.projectID, last.activityID) : picker.set());
  }

  function show() {
    element.classList.toggle("running", Boolean(running));
    for (const each of [stopForm, textForm, another]) each.hidden = !running;
    start.textContent = running ? "Start instead" : "Start";
    if (running) {
      const { projectName, activityName, customerName } = running;
      const begun = isToday(running.start)
        ? timeOf(running.start)
        : `${dayOf(running.start)}, ${timeOf(running.start)}`;
      fill(title, `${projectName ?? "Unknown project"} · ${activityName ?? "Unknown task"}`);
      fill(since, [customerName, `since ${begun}`].filter(Boolean).join(", "));
    } else {
      fill(title, "No active recording");
      fill(since, "Choose a project and a task, and start the timer.");
    }
    tick();
  }

  function tick() {
    fill(clock, clockText(running ? now() - running.start : 0));
  }

  return { element, load, tick };
}

/** Fields in a row, with a button at the end. */
function row(fields, submitButton) {
  return el(
    "div",
    { class: "row" },
    el("div", { class: "fields" }, fields),
    el("div", { class: "actions" }, submitButton),
  );
}

/** The running recording, or null. */
async function activeRecording() {
  try {
    const [recording] = (await callAsUser("getActiveRecording")).items;
    sync(recording.servertime);
    return recording;
  } catch (failure) {
    if (failure.message === NOT_RECORDING) return null;
    throw failure;
  }
}
