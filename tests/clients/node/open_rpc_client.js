// The scenario by the package @open-rpc/client-js, parameters by position.
import { Client, HTTPTransport, JSONRPCError, RequestManager } from "@open-rpc/client-js";
import { Fault, run } from "./steps.js";

const client = new Client(new RequestManager([new HTTPTransport(process.argv[2])]));

await run(async (method, params) => {
  try {
    return await client.request({ method, params: Object.values(params) });
  } catch (error) {
    if (!(error instanceof JSONRPCError)) throw error;
    throw new Fault(error.code, error.message);
  }
});
client.close();
