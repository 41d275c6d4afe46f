// The tab with a time tracker, which uses only the public JSON-RPC API.

import { showSignIn } from "./account.js";
import { charts } from "./charts.js";
import { now } from "./clock.js";
import { ZONE, rangeOf, week, hours } from "./dates.js";
import { button, el, fill, problem, uid } from "./dom.js";
import { entriesList } from "./entries.js";
import { expensesList } from "./expenses.js";
import { timer } from "./timer.js";
import { callAsUser, onSession, session } from "./session.js";
import { colours, total } from "./durations.js";
import { Catalog } from "./catalog.js";

/** Seconds between reloads while the page is visible. */
const RELOAD_INTERVAL = 30;

export function timeView(panel) {
  let tracker = null;
  let visible = false;

  function show(reason = "") {
    tracker?.end();
    tracker = null;
    if (!session()) {
      fill(panel, invitation(reason));
    } else if (visible) {
      tracker = new Tracker(panel);
    }
  }

  onSession((current, reason) => show(reason));
  const reloadIfVisible = () => {
    if (!document.hidden && visible) tracker?.reload();
  };
  document.addEventListener("visibilitychange", reloadIfVisible);
  window.addEventListener("focus", reloadIfVisible);
  // The page may be visible all day without events.
  setInterval(reloadIfVisible, 1000 * RELOAD_INTERVAL);
  show();
  return {
    shown() {
      visible = true;
      if (tracker) tracker.reload();
      else show();
    },
    hidden() {
      visible = false;
    },
  };
}

function invitation(reason) {
  return el(
    "div",
    { class: "card invitation" },
    reason && el("p", { class: "notice" }, reason),
    el("h1", {}, "Track time"),
    el("p", {}, "Sign in to start the timer, and to see and edit your entries and expenses."),
    button("Sign in", showSignIn, { class: "primary" }),
  );
}

class Tracker {
  #ended = false;
  #weeks = 0;
  #latest = 0;
  #loaded = 0;
  #entries = [];
  #timer;

  constructor(panel) {
    const catalog = new Catalog();
    this.catalog = catalog;
    const changed = () => this.load();
    this.timer = timer(catalog, changed);
    this.list = entriesList(catalog, changed);
    this.charts = el("div", { class: "charts" });
    this.range = el("h2", { id: uid(), tabindex: "-1" });
    this.total = el("p", { class: "total" });
    this.state = el("div", {});
    this.next = button("Next", () => this.go(this.#weeks + 1), { "aria-label": "Next week" });
    this.current = button("This week", () => this.go(0));
    const expenses = expensesList(catalog);
    fill(
      panel,
      el("h1", { class: "off-screen" }, "Time"),
      this.timer.element,
      el(
        "section",
        { class: "card", "aria-labelledby": this.range.id },
        el(
          "div",
          { class: "week-head" },
          el("div", {}, this.range, this.total),
          el(
            "div",
            { class: "week-steps", role: "group", "aria-label": "Week" },
            button("Previous", () => this.go(this.#weeks - 1), { "aria-label": "Previous week" }),
            this.current,
            this.next,
          ),
        ),
        this.state,
        this.charts,
      ),
      this.list.element,
      expenses.element,
      el("p", { class: "hint zone" }, `Times are shown in this browser’s time zone, ${ZONE}.`),
    );
    this.#timer = setInterval(() => this.tick(), 1000);
    this.load();
    this.timer.load();
    expenses.load();
  }

  end() {
    this.#ended = true;
    clearInterval(this.#timer);
  }

  /** Reloads data that may have been changed elsewhere. */
  reload() {
    if (performance.now() - this.#loaded < 1000 * (RELOAD_INTERVAL - 1)) return;
    this.catalog.clear();
    this.load();
    this.timer.load();
  }

  go(weeks) {
    this.#weeks = weeks;
    fill(this.charts);
    this.list.clear();
    this.load();
  }

  async load() {
    const request = ++this.#latest;
    const shown = week(this.#weeks);
    this.#loaded = performance.now();
    fill(this.range, this.#weeks ? rangeOf(shown) : `This week, ${rangeOf(shown)}`);
    this.current.setAttribute("aria-pressed", this.#weeks === 0);
    this.#busy(true);
    try {
      const { items } = await callAsUser("getTimesheet", {
        from: `${shown.from}`,
        to: `${shown.to}`,
      });
      if (request !== this.#latest || this.#ended) return;
      this.#entries = items;
      fill(this.state);
      this.draw();
      this.list.show(items, colours(items));
    } catch (error) {
      if (request !== this.#latest || this.#ended) return;
      fill(
        this.state,
        problem(error.message, () => this.load()),
      );
      fill(this.charts);
      fill(this.total);
      this.list.clear();
    } finally {
      if (request === this.#latest) this.#busy(false);
    }
  }

  #busy(busy) {
    if (busy && !this.charts.hasChildNodes()) {
      fill(this.state, el("p", { class: "loading", role: "status" }, "Loading the week…"));
    }
    this.charts.setAttribute("aria-busy", busy);
  }

  draw() {
    const shown = week(this.#weeks);
    fill(this.total, `${hours(total(this.#entries))} hours`);
    charts(this.charts, this.#entries, shown);
  }

  tick() {
    this.timer.tick();
    // While an entry is running, the sums change every minute.
    const minute = Math.floor(now() / 60);
    if (minute === this.minute) return;
    const first = this.minute === undefined;
    this.minute = minute;
    if (!first && this.#entries.some(({ end }) => !end)) {
      this.draw();
      this.list.tick();
    }
  }
}
