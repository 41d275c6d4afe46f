// The running clock: what is recorded now, and starting something else.

import { now, sync } from "./clock.js";
import { dayOf, isToday, ticking, timeOf } from "./dates.js";
import { announce, el, field, fill, problem } from "./dom.js";
import { changes, textArea } from "./inputs.js";
import { ask } from "./session.js";
import { workPicker } from "./work.js";

const NOTHING = "No active recording.";

/**
 * @param {Work} work
 * @param {() => void} changed Called when time entries have changed.
 */
export function recorder(work, changed) {
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
  const picker = workPicker(work, (message) => fill(error, message));
  let stored = {};
  const typed = () => ({ description: description.value, comment: comment.value });

  /** Saves the texts of what is running, where they were changed. */
  async function saveTexts() {
    const record = changes(stored, typed());
    if (!running || !Object.keys(record).length) return;
    const { timeEntryID } = running;
    await ask("updateActiveRecording", { record: { timeEntryID, ...record } });
    stored = { ...stored, ...record };
  }

  const stopForm = form(stop, async () => {
    await saveTexts();
    await ask("stopRecord", { entryId: running.timeEntryID });
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
    beside([field("Description", description), field("Comment", comment)], save),
  );
  const startForm = form(
    start,
    async () => {
      const { projectId, taskId } = picker.chosen();
      await saveTexts();
      await ask("startRecord", { projectId, activityId: taskId });
      await load();
      stop.focus();
      announce("Recording started.");
      changed();
    },
    beside(picker.elements, start),
  );

  /** A form whose button shows that it is at work, and whose errors are shown here. */
  function form(act, submit, ...content) {
    return el(
      "form",
      {
        novalidate: true,
        async submit(event) {
          event.preventDefault();
          if (act.hasAttribute("aria-disabled")) return;
          act.setAttribute("aria-disabled", "true");
          fill(error);
          try {
            await submit();
          } catch (failure) {
            fill(error, failure.message);
            failure.field?.focus();
            // It may have been stopped or changed elsewhere.
            if (failure.kind === "refused") {
              load();
              changed();
            }
          } finally {
            act.removeAttribute("aria-disabled");
          }
        },
      },
      content.length ? content : act,
    );
  }

  const current = el(
    "div",
    { class: "now" },
    el("div", { class: "what" }, title, since),
    clock,
    stopForm,
  );
  const another = el("h3", {}, "Start something else");
  const body = el("div", {}, current, textForm, error, another, startForm);
  const waiting = el("p", { class: "loading", role: "status" }, "Asking what is being recorded…");
  const element = el("section", { class: "card recorder", "aria-label": "Recorder" }, waiting);
  let turn = 0;

  async function load() {
    const mine = ++turn;
    let found = null;
    let texts = {};
    try {
      found = await active();
      if (found) texts = (await ask("getTimesheetRecord", { id: found.timeEntryID })).items[0];
    } catch (failure) {
      if (mine === turn) fill(element, problem(failure.message, load));
      return;
    }
    if (mine !== turn) return;
    if (element.firstChild !== body) fill(element, body);
    const other = found?.timeEntryID !== running?.timeEntryID;
    const first = !picker.project.options.length;
    running = found;
    // Texts that are being typed aren't overwritten by what is stored.
    if (other || !Object.keys(changes(stored, typed())).length) {
      description.value = texts.description ?? "";
      comment.value = texts.comment ?? "";
      stored = typed();
    }
    show();
    if (first) await offer(mine);
    // What is chosen stays, among what there is to choose from now.
    else if (document.activeElement !== picker.project) await picker.renew();
  }

  /** Offers what was recorded last. */
  async function offer(mine) {
    let last = running;
    try {
      last ??= (await ask("getTimesheet", { limit: 1 })).items[0];
    } catch {
      // Nothing to offer, then.
    }
    const offered = (await work.projects().catch(() => [])).some(
      ({ projectID }) => projectID === last?.projectID,
    );
    if (mine !== turn) return; // a later look offers; this one would undo what is chosen by then
    await (offered ? picker.set(last.projectID, last.activityID) : picker.set());
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
      fill(title, "Nothing is being recorded");
      fill(since, "Choose what you work on, and start the clock.");
    }
    tick();
  }

  function tick() {
    fill(clock, ticking(running ? now() - running.start : 0));
  }

  return { element, load, tick };
}

/** Fields in a row, with a button at its end. */
function beside(fields, act) {
  return el(
    "div",
    { class: "beside" },
    el("div", { class: "fields" }, fields),
    el("div", { class: "actions" }, act),
  );
}

/** The running recording, or null. */
async function active() {
  try {
    const [found] = (await ask("getActiveRecording")).items;
    sync(found.servertime);
    return found;
  } catch (failure) {
    if (failure.message === NOTHING) return null;
    throw failure;
  }
}
