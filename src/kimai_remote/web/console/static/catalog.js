// Projects and tasks, and inputs to choose one of each.

import { el, field, fill, option } from "./dom.js";
import { inputError } from "./inputs.js";
import { callAsUser } from "./session.js";

/** The user's projects and tasks. Each list is loaded once until it is cleared. */
export class Catalog {
  #loaded = new Map();

  /** Removes all lists, so that they are loaded again. */
  clear() {
    this.#loaded.clear();
  }

  projects() {
    return this.#once("getProjects", {});
  }

  /** Resolves to the tasks of a project. */
  tasks(projectId) {
    return this.#once("getTasks", { projectId });
  }

  #once(method, params) {
    const name = JSON.stringify([method, params]);
    if (!this.#loaded.has(name)) {
      const loading = callAsUser(method, params).then(({ items }) => items);
      this.#loaded.set(name, loading);
      // Load again after a failure.
      loading.catch(() => this.#loaded.delete(name));
    }
    return this.#loaded.get(name);
  }
}

/**
 * Fills a select element with projects by customer.
 *
 * @param {number} [chosen] The ID of the chosen project, and `name` its name, because an existing
 *   record may be on a project that is no longer listed.
 */
export async function offerProjects(catalog, control, chosen, name) {
  showProjects(await catalog.projects(), control, chosen, name);
}

function showProjects(listed, control, chosen, name) {
  const groups = [...grouped(listed, ({ customerName }) => customerName)].map(([label, projects]) =>
    el(
      "optgroup",
      { label },
      projects.map((each) => option(each.projectID, each.name, chosen)),
    ),
  );
  const isListed = listed.some(({ projectID }) => projectID === chosen);
  fill(
    control,
    !chosen && option("", "Choose a project", ""),
    chosen && !isListed && option(chosen, name ?? `Project ${chosen}`, chosen),
    groups,
  );
}

/**
 * Select elements for a project and a task of it: `{elements, project, set, renew, chosen}`.
 *
 * @param {Catalog} catalog
 * @param {(message: string) => void} failed Called with the error when a list can't be loaded.
 */
export function projectPicker(catalog, failed) {
  const project = el("select", { change: () => offerTasks() });
  const task = el("select", {});
  let latest = 0;
  let latestRenewal = 0;

  async function offerTasks(chosen, name) {
    const request = ++latest;
    const projectId = Number(project.value);
    task.disabled = true;
    fill(task, option("", projectId ? "Loading…" : "Choose a project first", ""));
    if (!projectId) return;
    let tasks = [];
    try {
      tasks = await catalog.tasks(projectId);
    } catch (error) {
      // If the project is no longer listed, the chosen task is the only one.
      if (!chosen && request === latest) failed(error.message);
    }
    if (request !== latest) return;
    const isListed = tasks.some(({ activityID }) => activityID === chosen);
    fill(
      task,
      !chosen && option("", tasks.length ? "Choose a task" : "No tasks", ""),
      chosen && !isListed && option(chosen, name ?? `Task ${chosen}`, chosen),
      tasks.map((each) => option(each.activityID, each.name, chosen)),
    );
    task.disabled = false;
  }

  return {
    elements: [field("Project", project), field("Task", task)],
    project,
    /** Loads the lists and chooses these; `names` are the names of the chosen project and task. */
    async set(projectId, taskId, names = {}) {
      const request = ++latest;
      try {
        const listed = await catalog.projects();
        if (request !== latest) return; // another project has been chosen since
        showProjects(listed, project, projectId, names.project);
      } catch (error) {
        if (request === latest) failed(error.message);
        return;
      }
      await offerTasks(taskId, names.task);
    },
    /** Reloads the lists and keeps the chosen project and task. */
    async renew() {
      const request = ++latestRenewal;
      const listed = await catalog.projects().catch(() => null);
      // On failure the old lists stay. Tasks that are being loaded are new already.
      if (!listed || request !== latestRenewal || (project.value && task.disabled)) return;
      const shown = (control) => control.selectedOptions[0]?.textContent;
      const names = { project: shown(project), task: shown(task) };
      const [projectId, taskId] = [Number(project.value), Number(task.value)];
      const before = project.textContent;
      showProjects(listed, project, projectId || undefined, names.project);
      if (project.textContent !== before && projectId) {
        await offerTasks(taskId || undefined, names.task);
      }
    },
    /** Returns `{projectId, taskId}`; throws if one is missing. */
    chosen() {
      if (!project.value) throw inputError(project, "Choose a project.");
      if (!task.value) throw inputError(task, "Choose a task.");
      return { projectId: Number(project.value), taskId: Number(task.value) };
    },
  };
}

/** Groups a list by key; each group keeps the order of the list. */
export function grouped(list, key) {
  const groups = new Map();
  for (const each of list) groups.set(key(each), [...(groups.get(key(each)) ?? []), each]);
  return groups;
}
