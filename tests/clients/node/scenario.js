// Runs the steps of the scenario through a call function; in Node and in browsers.

/** The protocol refused the call. */
export class Fault extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Returns the report.
 *
 * @param call takes a method's name and its parameters by name, in the API's order.
 */
export async function reportOf(steps, call) {
  const report = {};
  for (const { name, method, params } of steps) {
    try {
      report[name] = await call(method, filled(params, report));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      report[name] = { fault: { code: error.code, message: error.message } };
    }
  }
  return report;
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
