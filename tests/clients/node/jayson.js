// The scenario by the package jayson: JSON-RPC, parameters by position.
import jayson from "jayson/promise/index.js";
import { Fault, run } from "./steps.js";

const client = jayson.Client.http(process.argv[2]);

await run(async (method, params) => {
  const { result, error } = await client.request(method, Object.values(params));
  if (error) throw new Fault(error.code, error.message);
  return result;
});
