// The tab with a small time tracker. It uses the public JSON-RPC API and nothing else.

import { askWho } from "./account.js";
import { charts } from "./charts.js";
import { now } from "./clock.js";
import { ZONE, rangeOf, week, hours } from "./dates.js";
import { button, el, fill, problem, uid } from "./dom.js";
import { entriesList } from "./entries.js";
import { expensesList } from "./expenses.js";
import { recorder } from "./recorder.js";
import { ask, onSession, session } from "./session.js";
import { colours, total } from "./spans.js";
import { Work } from "./work.js";

/** Seconds after which the server is asked again, if anybody may be looking. */
const FRESH = 30;

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
  const look = () => {
    if (!document.hidden && visible) tracker?.freshen();
  };
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", look);
  // It may be in sight all day on a second screen.
  setInterval(look, 1000 * FRESH);
  show();
  return {
    shown() {
      visible = true;
      if (tracker) tracker.freshen();
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
    el("p", {}, "Sign in to start the clock, and to see and correct your entries and expenses."),
    button("Sign in", askWho, { class: "primary" }),
  );
}

class Tracker {
  #ended = false;
  #weeks = 0;
  #turn = 0;
  #asked = 0;
  #entries = [];
  #timer;

  constructor(panel) {
    const work = new Work();
    this.work = work;
    const changed = () => this.load();
    this.recorder = recorder(work, changed);
    this.list = entriesList(work, changed);
    this.charts = el("div", { class: "charts" });
    this.range = el("h2", { id: uid(), tabindex: "-1" });
    this.total = el("p", { class: "total" });
    this.state = el("div", {});
    this.next = button("Next", () => this.go(this.#weeks + 1), { "aria-label": "Next week" });
    this.current = button("This week", () => this.go(0));
    const expenses = expensesList(work);
    fill(
      panel,
      el("h1", { class: "off-screen" }, "Time"),
      this.recorder.element,
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
    this.recorder.load();
    expenses.load();
  }

  end() {
    this.#ended = true;
    clearInterval(this.#timer);
  }

  /** Asks again what somebody, or this user elsewhere, may have changed. */
  freshen() {
    if (performance.now() - this.#asked < 1000 * (FRESH - 1)) return;
    this.work.forget();
    this.load();
    this.recorder.load();
  }

  go(weeks) {
    this.#weeks = weeks;
    fill(this.charts);
    this.list.clear();
    this.load();
  }

  async load() {
    const mine = ++this.#turn;
    const shown = week(this.#weeks);
    this.#asked = performance.now();
    fill(this.range, this.#weeks ? rangeOf(shown) : `This week, ${rangeOf(shown)}`);
    this.current.setAttribute("aria-pressed", this.#weeks === 0);
    this.#busy(true);
    try {
      const { items } = await ask("getTimesheet", { from: `${shown.from}`, to: `${shown.to}` });
      if (mine !== this.#turn || this.#ended) return;
      this.#entries = items;
      fill(this.state);
      this.draw();
      this.list.show(items, colours(items));
    } catch (error) {
      if (mine !== this.#turn || this.#ended) return;
      fill(
        this.state,
        problem(error.message, () => this.load()),
      );
      fill(this.charts);
      fill(this.total);
      this.list.clear();
    } finally {
      if (mine === this.#turn) this.#busy(false);
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
    this.recorder.tick();
    // While something runs, the sums grow by the minute.
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
