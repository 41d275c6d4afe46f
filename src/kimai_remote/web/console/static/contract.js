// The contracts of the service: methods and types from OpenRPC, messages from the WSDL. No method is
// known here by name.

import { describe, JSON_URL, SOAP_URL } from "./api.js";
import { readWsdl } from "./wsdl.js";

const loading = {};

/** Loads once, and again after a failure. */
function once(name, load) {
  loading[name] ??= load().catch((error) => {
    delete loading[name];
    throw error;
  });
  return loading[name];
}

/** `{jsonUrl, methods, resolve}`; each method has name, description, writes, params, result. */
export const loadContract = () =>
  once("openrpc", async () => {
    const document = JSON.parse(await describe(`${JSON_URL}?openrpc&types=native`));
    return {
      jsonUrl: document.servers[0].url.replace("?types=native", ""),
      methods: document.methods.map((method) => ({ ...method, writes: method["x-writes"] })),
      /** Returns the schema that a reference names. */
      resolve(schema) {
        const path = schema.$ref?.slice(2).split("/");
        return path ? path.reduce((part, name) => part[name], document) : schema;
      },
    };
  });

/** The document/literal contract, see wsdl.js. */
export const loadWsdl = () =>
  once("wsdl", async () => readWsdl(await describe(`${SOAP_URL}?wsdl&style=document`)));

/** The type of a schema, without null. */
export const typeOf = ({ type }) => [type].flat().find((name) => name !== "null") ?? "any";
