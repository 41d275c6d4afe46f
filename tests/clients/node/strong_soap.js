// The scenario by the package strong-soap, from the live WSDL, in SOAP 1.2 if the
// WSDL is.
import { soap } from "strong-soap";
import { promisify } from "node:util";
import { Fault, records, run } from "./steps.js";

const client = await promisify(soap.createClient)(process.argv[2], {
  forceSoap12Headers: process.argv[2].endsWith("soap=1.2"),
});

await run(async (method, params) => {
  try {
    const { result: answer } = await client[method](params);
    const result = answer[`${method}Result`];
    return typeof result === "string" ? result : { ...result, items: records(result.items) };
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    if (!fault) throw error;
    throw fault.Code
      ? new Fault(fault.Code.Value, fault.Reason.Text.$value ?? fault.Reason.Text)
      : new Fault(fault.faultcode, fault.faultstring);
  }
});
