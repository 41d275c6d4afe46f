// The scenario by the client that wsdl-tsclient makes from the live WSDL, in strict TypeScript.
import { createClientAsync } from "./kimai/index.js";

const [url = "", user = "", password = "", ...rest] = process.argv.slice(2);
const [project, task, otherTask, entry, expense] = rest.slice(0, 5).map(Number);
const [from, to, start, end, text] = rest.slice(5);

const api = await createClientAsync(url, { handleNilAsNull: true });
const report: Record<string, unknown> = {};

interface SoapFault {
  root?: { Envelope?: { Body?: { Fault?: { faultcode: string; faultstring: string } } } };
}

/** Report the response of a step, or its fault, and return it. */
async function call<Response extends object>(
  step: string,
  sent: Promise<[result: Response, ...rest: unknown[]]>,
): Promise<Partial<Response>> {
  try {
    const [response] = await sent;
    report[step] = plain(Object.values(response)[0]);
    return response;
  } catch (error) {
    const fault = (error as SoapFault).root?.Envelope?.Body?.Fault;
    if (!fault) throw error;
    report[step] = { fault: { code: fault.faultcode, message: fault.faultstring } };
    return {};
  }
}

/** A value with plain lists; in a response, the element that wraps them has them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === "items" || name === "tasks"
        ? (Object.values(inner ?? {}).find(Array.isArray) ?? []).map(plain)
        : plain(inner),
    ]),
  );
}

await call("wrongPassword", api.authenticateAsync({ username: user, password: "wrong" }));
const login = await call("authenticate", api.authenticateAsync({ username: user, password }));
const apiKey = login.authenticateResult?.items?.ApiKey?.[0]?.apiKey;
await call("wrongKey", api.getUsersAsync({ apiKey: "nobody's" }));
await call("getVersion", api.getVersionAsync({}));
await call("getUsers", api.getUsersAsync({ apiKey }));
await call("getCustomers", api.getCustomersAsync({ apiKey }));
await call("getProjects", api.getProjectsAsync({ apiKey, includeTasks: true }));
await call("getProjectsOnly", api.getProjectsAsync({ apiKey }));
await call("getTasks", api.getTasksAsync({ apiKey }));
await call("getTasksOfProject", api.getTasksAsync({ apiKey, projectId: project }));

await call("noneActive", api.getActiveRecordingAsync({ apiKey }));
const started = await call(
  "startRecord",
  api.startRecordAsync({ apiKey, projectId: project, activityId: task }),
);
const recording = started.startRecordResult?.items?.StartedRecording?.[0]?.timeEntryID;
await call("getActiveRecording", api.getActiveRecordingAsync({ apiKey }));
await call(
  "updateActiveRecording",
  api.updateActiveRecordingAsync({
    apiKey,
    record: { activityID: otherTask, description: text },
  }),
);
await call("updatedRecording", api.getActiveRecordingAsync({ apiKey }));
await call("runningInTimesheet", api.getTimesheetAsync({ apiKey, limit: 1 }));
await call("stopRecord", api.stopRecordAsync({ apiKey, entryId: recording }));
await call("stopped", api.getActiveRecordingAsync({ apiKey }));

await call(
  "getTimesheet",
  api.getTimesheetAsync({ apiKey, from, to, cleared: -1, start: 0, limit: 1 }),
);
await call("getTimesheetRecord", api.getTimesheetRecordAsync({ apiKey, id: entry }));
const createdEntry = await call(
  "createEntry",
  api.setTimesheetRecordAsync({
    apiKey,
    record: {
      projectId: project,
      taskId: task,
      start,
      end,
      location: "Zürich 🏔",
      description: text,
      budget: 42.25,
      flagBillable: 50,
    },
    doUpdate: false,
  }),
);
const work = createdEntry.setTimesheetRecordResult?.items?.SavedEntry?.[0]?.id;
await call("createdEntry", api.getTimesheetRecordAsync({ apiKey, id: work }));
await call(
  "updateEntry",
  api.setTimesheetRecordAsync({
    apiKey,
    record: { id: work, taskId: otherTask, comment: text },
    doUpdate: true,
  }),
);
await call("updatedEntry", api.getTimesheetRecordAsync({ apiKey, id: work }));
await call("removeTimesheetRecord", api.removeTimesheetRecordAsync({ apiKey, id: work }));
await call("removedEntry", api.getTimesheetRecordAsync({ apiKey, id: work }));

await call(
  "getExpenses",
  api.getExpensesAsync({ apiKey, from, to, refundable: -1, cleared: -1, start: 0, limit: 10 }),
);
await call("getExpenseRecord", api.getExpenseRecordAsync({ apiKey, id: expense }));
await call("noExpenses", api.getExpensesAsync({ apiKey, from: "86400", to: "172800" }));
const createdExpense = await call(
  "createExpense",
  api.setExpenseRecordAsync({
    apiKey,
    record: {
      projectId: project,
      date: start,
      designation: text,
      refundable: true,
      multiplier: 1.5,
      value: 7.35,
    },
    doUpdate: false,
  }),
);
const purchase = createdExpense.setExpenseRecordResult?.items?.SavedEntry?.[0]?.id;
await call("createdExpense", api.getExpenseRecordAsync({ apiKey, id: purchase }));
await call(
  "updateExpense",
  api.setExpenseRecordAsync({
    apiKey,
    record: { id: purchase, comment: text, value: -8.05 },
    doUpdate: true,
  }),
);
await call("updatedExpense", api.getExpenseRecordAsync({ apiKey, id: purchase }));
await call("removeExpenseRecord", api.removeExpenseRecordAsync({ apiKey, id: purchase }));
await call("removedExpense", api.getExpenseRecordAsync({ apiKey, id: purchase }));

// The compiler refuses a word as a number, so the API key is left out.
await call("fault", api.getTimesheetRecordAsync({ id: 12 }));
console.log(JSON.stringify(report));
