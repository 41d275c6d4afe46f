// The scenario by the package soap, from the live WSDL.
import soap from "soap";
import { Fault, records, run } from "./steps.js";

const client = await soap.createClientAsync(process.argv[2], { handleNilAsNull: true });

await run(async (method, params) => {
  try {
    const [answer] = await client[`${method}Async`](params);
    const result = answer[`${method}Result`];
    return typeof result === "string" ? result : { ...result, items: records(result.items) };
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    if (!fault) throw error;
    throw new Fault(fault.faultcode, fault.faultstring);
  }
});
