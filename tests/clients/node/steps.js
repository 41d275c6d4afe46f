// Runs the steps from standard input through a call function and prints the report.
import { text } from "node:stream/consumers";
import { reportOf } from "./scenario.js";

export { Fault } from "./scenario.js";

/** @param call takes a method's name and its parameters by name, in the API's order. */
export async function run(call) {
  console.log(JSON.stringify(await reportOf(JSON.parse(await text(process.stdin)), call)));
}

/** What both SOAP libraries do with a list: `{User: [record, …]}`, or null when it is empty. */
export function records(items) {
  const found = Object.values(items ?? {}).find(Array.isArray) ?? [];
  return found.map((record) =>
    "tasks" in record ? { ...record, tasks: records(record.tasks) } : record,
  );
}
