// The dialog that adds or edits an expense.

import { now } from "./clock.js";
import { dialog } from "./dialogs.js";
import { el, field, fill } from "./dom.js";
import {
  amountInput,
  amountOf,
  changes,
  timeInput,
  timestampOf,
  textArea,
  textInput,
  inputError,
} from "./inputs.js";
import { callAsUser } from "./session.js";
import { offerProjects } from "./catalog.js";

/**
 * Adds an expense, or edits one of which only changed fields are sent; resolves to whether it was
 * saved.
 */
export async function editExpense(catalog, expense) {
  const failed = el("p", { class: "error", role: "alert" });
  const project = el("select", {});
  const date = timeInput(expense?.timestamp ?? Math.floor(now() / 60) * 60);
  const designation = textInput(expense?.designation);
  const multiplier = amountInput(expense?.multiplier ?? 1);
  const value = amountInput(expense?.value ?? "");
  const comment = textArea(expense?.comment);
  const refundable = el("input", { type: "checkbox", checked: Boolean(expense?.refundable) });

  const rest = () => ({
    designation: designation.value,
    comment: comment.value,
    refundable: refundable.checked,
    multiplier: amountOf(multiplier, "the quantity"),
    value: amountOf(value, "the unit price"),
  });

  const before = expense
    ? { projectId: expense.projectID, date: String(expense.timestamp), ...rest() }
    : {};
  const opened = offerProjects(catalog, project, expense?.projectID, expense?.projectName).catch(
    ({ message }) => fill(failed, message),
  );
  return dialog({
    title: expense ? "Edit the expense" : "Add an expense",
    content: [
      failed,
      el(
        "div",
        { class: "fields" },
        field("Designation", designation),
        field("Project", project),
        field("Unit price", value),
        field("Quantity", multiplier),
        field("Date", date),
        field("Comment", comment),
        el("label", { class: "check" }, refundable, "Refundable"),
      ),
    ],
    action: expense ? "Save" : "Add",
    focus: designation,
    async submit() {
      await opened;
      if (!project.value) throw inputError(project, "Choose a project.");
      const record = changes(before, {
        projectId: Number(project.value),
        date: timestampOf(date, "expense"),
        ...rest(),
      });
      if (!Object.keys(record).length) return;
      await callAsUser("setExpenseRecord", {
        record: expense ? { id: expense.expenseID, ...record } : record,
        doUpdate: Boolean(expense),
      });
    },
  });
}
