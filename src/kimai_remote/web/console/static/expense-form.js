// The dialog that adds an expense, or changes one.

import { now } from "./clock.js";
import { dialog } from "./dialogs.js";
import { el, field, fill } from "./dom.js";
import {
  amountInput,
  amountOf,
  changes,
  momentInput,
  momentOf,
  textArea,
  textInput,
  wrong,
} from "./inputs.js";
import { ask } from "./session.js";
import { offerProjects } from "./work.js";

/** Resolves to whether it was saved; of an expense that is there, only what was changed is sent. */
export async function editExpense(work, expense) {
  const failed = el("p", { class: "error", role: "alert" });
  const project = el("select", {});
  const date = momentInput(expense?.timestamp ?? Math.floor(now() / 60) * 60);
  const designation = textInput(expense?.designation);
  const multiplier = amountInput(expense?.multiplier ?? 1);
  const value = amountInput(expense?.value ?? "");
  const comment = textArea(expense?.comment);
  const refundable = el("input", { type: "checkbox", checked: Boolean(expense?.refundable) });

  const rest = () => ({
    designation: designation.value,
    comment: comment.value,
    refundable: refundable.checked,
    multiplier: amountOf(multiplier, "how many"),
    value: amountOf(value, "the price of one"),
  });

  const before = expense
    ? { projectId: expense.projectID, date: String(expense.timestamp), ...rest() }
    : {};
  const opened = offerProjects(work, project, expense?.projectID, expense?.projectName).catch(
    ({ message }) => fill(failed, message),
  );
  return dialog({
    title: expense ? "Edit the expense" : "Add an expense",
    content: [
      failed,
      el(
        "div",
        { class: "fields" },
        field("What", designation),
        field("Project", project),
        field("Price of one", value),
        field("How many", multiplier),
        field("Date", date),
        field("Comment", comment),
        el("label", { class: "check" }, refundable, "To be refunded"),
      ),
    ],
    action: expense ? "Save" : "Add",
    focus: designation,
    async submit() {
      await opened;
      if (!project.value) throw wrong(project, "Choose a project.");
      const record = changes(before, {
        projectId: Number(project.value),
        date: momentOf(date, "expense"),
        ...rest(),
      });
      if (!Object.keys(record).length) return;
      await ask("setExpenseRecord", {
        record: expense ? { id: expense.expenseID, ...record } : record,
        doUpdate: Boolean(expense),
      });
    },
  });
}
