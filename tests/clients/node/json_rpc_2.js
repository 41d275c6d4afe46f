// The scenario by the package json-rpc-2.0, parameters by name, over fetch.
import { JSONRPCClient, JSONRPCErrorException } from "json-rpc-2.0";
import { Fault, run } from "./steps.js";

const client = new JSONRPCClient(async (request) => {
  const response = await fetch(process.argv[2], {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  client.receive(await response.json());
});

await run(async (method, params) => {
  try {
    return await client.request(method, params);
  } catch (error) {
    if (!(error instanceof JSONRPCErrorException)) throw error;
    throw new Fault(error.code, error.message);
  }
});
