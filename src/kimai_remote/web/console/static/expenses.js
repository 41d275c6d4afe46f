// The list of expenses, with actions to add, edit and delete them.

import { dateOf } from "./dates.js";
import { announce, button, el, fill, problem } from "./dom.js";
import { editExpense } from "./expense-form.js";
import { Listing, rowActions, rowTexts } from "./listing.js";
import { callAsUser } from "./session.js";

const PAGE = 8;

/** @param {Catalog} catalog */
export function expensesList(catalog) {
  let shown = PAGE;
  let latest = 0;
  const listing = new Listing("Expenses", "Add an expense", async () => {
    if (await editExpense(catalog, null)) done("Expense added.");
  });

  function done(text) {
    announce(text);
    load();
  }

  async function load() {
    const request = ++latest;
    if (!listing.content.hasChildNodes()) {
      fill(listing.content, el("p", { class: "loading", role: "status" }, "Loading expenses…"));
    }
    try {
      const { items, total } = await callAsUser("getExpenses", { limit: shown });
      if (request === latest) draw(items, total);
    } catch (error) {
      if (request === latest) fill(listing.content, problem(error.message, load));
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
    const name = expense.designation || "No designation";
    const what = `${name}, ${dateOf(timestamp)}`;
    const notes = [
      dateOf(timestamp),
      expense.projectName,
      expense.refundable && "refundable",
      expense.comment,
    ];
    async function edit() {
      if (await editExpense(catalog, expense)) done("Expense saved.");
    }
    async function remove() {
      const submit = () => callAsUser("removeExpenseRecord", { id: expenseID });
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
