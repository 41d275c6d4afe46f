// Runs the steps from standard input through a call function and prints the report.
import { text } from "node:stream/consumers";

/** The protocol refused the call. */
export class Fault extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @param call takes a method's name and its parameters by name, in the API's order. */
export async function run(call) {
  const report = {};
  for (const { name, method, params } of JSON.parse(await text(process.stdin))) {
    try {
      report[name] = await call(method, filled(params, report));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      report[name] = { fault: { code: error.code, message: error.message } };
    }
  }
  console.log(JSON.stringify(report));
}

function filled(value, report) {
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, filled(inner, report)]),
    );
  }
  if (typeof value !== "string" || !value.startsWith("$")) return value;
  const [step, field] = value.slice(1).split(".");
  // Null where that step went wrong: the report shows it, and what followed from it.
  return report[step].items?.[0]?.[field] ?? null;
}

/** What both SOAP libraries do with a list: `{User: [record, …]}`, or null when it is empty. */
export function records(items) {
  const found = Object.values(items ?? {}).find(Array.isArray) ?? [];
  return found.map((record) =>
    "tasks" in record ? { ...record, tasks: records(record.tasks) } : record,
  );
}
