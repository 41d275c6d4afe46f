// The running clock: what is recorded now, and starting something else.

import { now, sync } from "./clock.js";
import { dayOf, isToday, ticking, timeOf } from "./dates.js";
import { announce, el, field, fill, problem, uid } from "./dom.js";
import { textArea, textInput } from "./inputs.js";
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
  const title = el("h2", { id: uid() });
  const since = el("p", { class: "hint" });
  const clock = el("p", { class: "clock", role: "timer", "aria-label": "Running time" });
  const description = textInput();
  const comment = textArea();
  const stop = el("button", { type: "submit", class: "stop" }, "Stop");
  const save = el("button", { type: "submit" }, "Save texts");
  const start = el("button", { type: "submit", class: "primary" }, "Start");
  const picker = workPicker(work, (message) => fill(error, message));
  let dirty = false;

  const stopForm = form(stop, async () => {
    await ask("stopRecord", { entryId: running.timeEntryID });
    await load();
    start.focus();
    announce("Recording stopped.");
    changed();
  });
  const textForm = form(
    save,
    async () => {
      const { timeEntryID } = running;
      const record = { timeEntryID, description: description.value, comment: comment.value };
      await ask("updateActiveRecording", { record });
      dirty = false;
      announce("Saved.");
      changed();
    },
    el("div", { class: "fields" }, field("Description", description), field("Comment", comment)),
    el("div", { class: "actions" }, save),
  );
  textForm.addEventListener("input", () => (dirty = true));
  const startForm = form(
    start,
    async () => {
      const { projectId, taskId } = picker.chosen();
      await ask("startRecord", { projectId, activityId: taskId });
      await load();
      stop.focus();
      announce("Recording started.");
      changed();
    },
    el("div", { class: "fields" }, picker.elements),
    el("div", { class: "actions" }, start),
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
  const element = el("section", { class: "card recorder", "aria-labelledby": title.id }, body);

  async function load() {
    let found = null;
    let texts = {};
    try {
      found = await active();
      if (found) texts = (await ask("getTimesheetRecord", { id: found.timeEntryID })).items[0];
    } catch (failure) {
      fill(element, problem(failure.message, load));
      return;
    }
    if (element.firstChild !== body) fill(element, body);
    const other = found?.timeEntryID !== running?.timeEntryID;
    const first = !picker.project.options.length;
    running = found;
    // Texts that are being typed aren't overwritten by what is stored.
    if (other || !dirty) {
      description.value = texts.description ?? "";
      comment.value = texts.comment ?? "";
      dirty = false;
    }
    show();
    if (first) await offer();
  }

  /** Offers what was recorded last. */
  async function offer() {
    let last = running;
    try {
      last ??= (await ask("getTimesheet", { limit: 1 })).items[0];
    } catch {
      // Nothing to offer, then.
    }
    const offered = (await work.projects().catch(() => [])).some(
      ({ projectID }) => projectID === last?.projectID,
    );
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
