// Choosing a project and a task of it.

import { el, field, fill, option } from "./dom.js";
import { wrong } from "./inputs.js";
import { ask } from "./session.js";

/** The lists to choose from, each asked for once until they are forgotten. */
export class Work {
  #asked = new Map();

  /** Asks again the next time. */
  forget() {
    this.#asked.clear();
  }

  projects() {
    return this.#once("getProjects", {});
  }

  /** The tasks of a project. */
  tasks(projectId) {
    return this.#once("getTasks", { projectId });
  }

  #once(method, params) {
    const name = JSON.stringify([method, params]);
    if (!this.#asked.has(name)) {
      const asked = ask(method, params).then(({ items }) => items);
      this.#asked.set(name, asked);
      // It is asked again after a failure.
      asked.catch(() => this.#asked.delete(name));
    }
    return this.#asked.get(name);
  }
}

/**
 * Fills a choice of projects, by customer.
 *
 * @param {number} [chosen] The project that is chosen, and `name` its name: what is recorded
 *   already may be on one that isn't offered any more.
 */
export async function offerProjects(work, control, chosen, name) {
  showProjects(await work.projects(), control, chosen, name);
}

function showProjects(found, control, chosen, name) {
  const groups = [...grouped(found, ({ customerName }) => customerName)].map(([label, projects]) =>
    el(
      "optgroup",
      { label },
      projects.map((each) => option(each.projectID, each.name, chosen)),
    ),
  );
  const known = found.some(({ projectID }) => projectID === chosen);
  fill(
    control,
    !chosen && option("", "Choose a project", ""),
    chosen && !known && option(chosen, name ?? `Project ${chosen}`, chosen),
    groups,
  );
}

/**
 * Two choices that belong together: `{elements, project, set, chosen}`.
 *
 * @param {Work} work
 * @param {(message: string) => void} failed Told what couldn't be loaded.
 */
export function workPicker(work, failed) {
  const project = el("select", { change: () => offerTasks() });
  const task = el("select", {});
  let turn = 0;
  let renewal = 0;

  async function offerTasks(chosen, name) {
    const mine = ++turn;
    const projectId = Number(project.value);
    task.disabled = true;
    fill(task, option("", projectId ? "Loading…" : "Choose a project first", ""));
    if (!projectId) return;
    let found = [];
    try {
      found = await work.tasks(projectId);
    } catch (error) {
      // Of a project that isn't offered any more, the chosen task is the only one.
      if (!chosen && mine === turn) failed(error.message);
    }
    if (mine !== turn) return;
    const known = found.some(({ activityID }) => activityID === chosen);
    fill(
      task,
      !chosen && option("", found.length ? "Choose a task" : "No tasks", ""),
      chosen && !known && option(chosen, name ?? `Task ${chosen}`, chosen),
      found.map((each) => option(each.activityID, each.name, chosen)),
    );
    task.disabled = false;
  }

  return {
    elements: [field("Project", project), field("Task", task)],
    project,
    /** Offers what there is, with these chosen; `names` are those of the chosen ones. */
    async set(projectId, taskId, names = {}) {
      const mine = ++turn;
      try {
        const found = await work.projects();
        if (mine !== turn) return; // something else has been chosen
        showProjects(found, project, projectId, names.project);
      } catch (error) {
        if (mine === turn) failed(error.message);
        return;
      }
      await offerTasks(taskId, names.task);
    },
    /** Offers what there is by now; what is chosen stays. */
    async renew() {
      const mine = ++renewal;
      const found = await work.projects().catch(() => null);
      // What was offered before still is; tasks that are on their way are as new.
      if (!found || mine !== renewal || (project.value && task.disabled)) return;
      const shown = (control) => control.selectedOptions[0]?.textContent;
      const names = { project: shown(project), task: shown(task) };
      const [projectId, taskId] = [Number(project.value), Number(task.value)];
      const before = project.textContent;
      showProjects(found, project, projectId || undefined, names.project);
      if (project.textContent !== before && projectId) {
        await offerTasks(taskId || undefined, names.task);
      }
    },
    /** `{projectId, taskId}`; throws what is missing. */
    chosen() {
      if (!project.value) throw wrong(project, "Choose a project.");
      if (!task.value) throw wrong(task, "Choose a task.");
      return { projectId: Number(project.value), taskId: Number(task.value) };
    },
  };
}

/** Lists by their key, each in the order of the whole. */
export function grouped(list, key) {
  const groups = new Map();
  for (const each of list) groups.set(key(each), [...(groups.get(key(each)) ?? []), each]);
  return groups;
}
