// Validates an OpenRPC document and the calls in its examples by the package
// @open-rpc/schema-utils-js, as OpenRPC's tools do; prints the number of examples by method.
import utils from "@open-rpc/schema-utils-js";

const document = await (await fetch(process.argv[2])).json();
const isValid = utils.validateOpenRPCDocument(document);
if (isValid !== true) throw isValid;
const parsed = await utils.parseOpenRPCDocument(document);
const validator = new utils.MethodCallValidator(parsed);

const counts = {};
for (const { name, examples } of parsed.methods) {
  for (const { params } of examples) {
    const call = Object.fromEntries(params.map((param) => [param.name, param.value]));
    const errors = validator.validate(name, call);
    if (!Array.isArray(errors)) throw errors;
    if (errors.length) throw errors[0];
    // What isn't right is found.
    if (params.length && !validator.validate(name, { ...call, [params[0].name]: [] }).length) {
      throw new Error(`${name} takes a list for ${params[0].name}`);
    }
  }
  counts[name] = examples.length;
}
console.log(JSON.stringify(counts));
