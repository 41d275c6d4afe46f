// The scenario by dojox.rpc.Service, which sends parameters by name.
import { Fault, reportOf } from "./scenario.js";

export const modules = ["dojox/rpc/Service", "dojox/rpc/JsonRPC"];

export function run(steps, smdUrl, [Service]) {
  const service = new Service(smdUrl);
  return reportOf(steps, async (method, params) => {
    try {
      return await service[method](...Object.values(params));
    } catch (error) {
      if (!error._rpcErrorObject) throw error;
      throw new Fault(error._rpcErrorObject.code, error.message);
    }
  });
}
