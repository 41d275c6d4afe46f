// Expenses: what was spent on projects.

import { dateOf } from "./dates.js";
import { announce, button, el, fill, problem } from "./dom.js";
import { editExpense } from "./expense-form.js";
import { Listing, rowActions, rowTexts } from "./listing.js";
import { ask } from "./session.js";

const PAGE = 8;

/** @param {Work} work */
export function expensesList(work) {
  let shown = PAGE;
  let turn = 0;
  const listing = new Listing("Expenses", "Add an expense", async () => {
    if (await editExpense(work, null)) done("Expense added.");
  });

  function done(text) {
    announce(text);
    load();
  }

  async function load() {
    const mine = ++turn;
    if (!listing.place.hasChildNodes()) {
      fill(listing.place, el("p", { class: "loading", role: "status" }, "Loading the expenses…"));
    }
    try {
      const { items, total } = await ask("getExpenses", { limit: shown });
      if (mine === turn) draw(items, total);
    } catch (error) {
      if (mine === turn) fill(listing.place, problem(error.message, load));
    }
  }

  function draw(items, total) {
    const rest = el(
      "div",
      { class: "actions" },
      el("span", { class: "hint" }, `${items.length} of ${total}`),
      button("Show more", more, { "data-key": "more" }),
    );
    listing.draw(
      items.length > 0
        ? el("ul", {}, items.map(row))
        : el("p", { class: "empty" }, "No expenses yet."),
      total > items.length && rest,
    );
  }

  function more() {
    shown += 2 * PAGE;
    load();
  }

  function row(expense) {
    const { expenseID, timestamp, multiplier, value } = expense;
    const name = expense.designation || "Without a name";
    const what = `${name}, ${dateOf(timestamp)}`;
    const notes = [
      dateOf(timestamp),
      expense.projectName,
      expense.refundable && "refundable",
      expense.comment,
    ];
    async function edit() {
      if (await editExpense(work, expense)) done("Expense saved.");
    }
    async function remove() {
      const submit = () => ask("removeExpenseRecord", { id: expenseID });
      if (await listing.remove("expense", what, submit)) load();
    }
    return el(
      "li",
      { class: "entry" },
      rowTexts(name, notes),
      el("span", { class: "span" }, multiplier === 1 ? "" : `${multiplier} × ${money(value)}`),
      el("span", { class: "value" }, money(multiplier * value)),
      rowActions(expenseID, what, edit, remove),
    );
  }

  return { element: listing.element, load };
}

const money = (value) => value.toFixed(2);
