// The scenario by dojo/rpc/JsonService, parameters by position.
import { Fault, reportOf } from "./scenario.js";

export const modules = ["dojo/rpc/JsonService"];

export function run(steps, smdUrl, [JsonService]) {
  const service = new JsonService(smdUrl);
  // Otherwise each call needs all parameters, optional ones too.
  service.strictArgChecks = false;
  return reportOf(steps, async (method, params) => {
    try {
      return await service[method](...Object.values(params));
    } catch (error) {
      if (!error.errorObject) throw error;
      throw new Fault(error.code, error.message);
    }
  });
}
