// What the service says of itself: methods and types from OpenRPC, messages from the WSDL. No
// method is known here by name.

import { describe, JSON_URL, SOAP_URL } from "./api.js";
import { readWsdl } from "./wsdl.js";

const loading = {};

/** Asks once; asks again after a failure. */
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
    const document = JSON.parse(await describe(`${JSON_URL}?openrpc`));
    return {
      jsonUrl: document.servers[0].url,
      methods: document.methods.map((method) => ({ ...method, writes: method["x-writes"] })),
      /** A schema with its reference followed. */
      resolve(schema) {
        const path = schema.$ref?.slice(2).split("/");
        return path ? path.reduce((place, name) => place[name], document) : schema;
      },
    };
  });

/** The document/literal contract, see wsdl.js. */
export const loadWsdl = () =>
  once("wsdl", async () => readWsdl(await describe(`${SOAP_URL}?wsdl&style=document`)));

/** The type of a schema, without the null that it may be too. */
export const typeOf = ({ type }) => [type].flat().find((name) => name !== "null") ?? "any";
