// A call as code in several languages. Values are quoted by the rules of each language, so that a
// value can't end its string literal.

import { fitForXml } from "./wsdl.js";

/** A placeholder for a secret value, which code reads from an environment variable. */
export class Secret {
  /**
   * @param {string} variable The name of the environment variable.
   * @param {string} shown The placeholder in a request that is only shown.
   * @param {boolean} plain Whether the value never has a character that needs quoting.
   */
  constructor(variable, shown, plain) {
    this.variable = variable;
    this.shown = shown;
    this.plain = plain;
  }

  toJSON() {
    return this.shown;
  }

  toString() {
    return this.shown;
  }
}

/**
 * The languages: `id`, `label`, `protocol` and `write(call)`. A call has `method`, `params`,
 * `jsonUrl`, `wsdlUrl`, `soapUrl`, `action` and `envelope(params)`.
 */
export const LANGUAGES = [
  { id: "curl", label: "curl", protocol: "JSON-RPC", write: curlJson },
  { id: "python", label: "Python", protocol: "JSON-RPC", write: pythonJson },
  { id: "php", label: "PHP", protocol: "JSON-RPC", write: phpJson },
  { id: "javascript", label: "JavaScript", protocol: "JSON-RPC", write: javascriptJson },
  { id: "curl-soap", label: "curl", protocol: "SOAP", write: curlSoap },
  { id: "python-soap", label: "Python, zeep", protocol: "SOAP", write: pythonSoap },
  { id: "php-soap", label: "PHP, SoapClient", protocol: "SOAP", write: phpSoap },
];

const request = ({ method, params }) => ({ jsonrpc: "2.0", id: 1, method, params });

// The shell ---------------------------------------------------------------------------------------

const single = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function curlJson(call) {
  const body = inShell(
    call.params,
    (params) => JSON.stringify(request({ ...call, params }), null, 2),
    `sed 's/["\\]/\\\\&/g'`,
  );
  return `curl -sS ${single(call.jsonUrl)} -H 'Content-Type: application/json' -d ${body}\n`;
}

function curlSoap(call) {
  const body = inShell(call.params, call.envelope, `sed 's/&/\\&amp;/g; s/</\\&lt;/g'`);
  const action = single(`SOAPAction: "${call.action}"`);
  return (
    `curl -sS ${single(call.soapUrl)} -H 'Content-Type: text/xml; charset=utf-8' \\\n` +
    `  -H ${action} -d ${body}\n`
  );
}

/** A quoted body whose secrets come from variables, which the command `escape` escapes. */
function inShell(params, body, escape) {
  const marks = new Map();
  const marked = mapped(params, (secret) => {
    const mark = crypto.getRandomValues(new Uint32Array(4)).join("x");
    marks.set(mark, secret);
    return mark;
  });
  let quoted = single(body(marked));
  for (const [mark, { variable, plain }] of marks) {
    const value = plain ? `$${variable}` : `$(printf %s "$${variable}" | ${escape})`;
    quoted = quoted.replace(mark, () => `'"${value}"'`);
  }
  return quoted;
}

// Python ------------------------------------------------------------------------------------------

const PYTHON = {
  text: doubleQuoted,
  yes: "True",
  no: "False",
  nothing: "None",
  empty: "{}",
  brackets: ["{", "}"],
  pair: ": ",
  indent: "    ",
  secret: (variable) => `os.environ["${variable}"]`,
};

function pythonJson(call) {
  return `import json
import os
import urllib.request

request = ${literal(request(call), PYTHON)}
body = json.dumps(request).encode()
with urllib.request.urlopen(${doubleQuoted(call.jsonUrl)}, body) as response:
    reply = json.load(response)
print(json.dumps(reply, indent=2))
`;
}

function pythonSoap(call) {
  const params = literal(fit(call.params), PYTHON);
  return `import os

import zeep  # pip install zeep

client = zeep.Client(${doubleQuoted(call.wsdlUrl)})
params = ${params}
result = client.service[${doubleQuoted(call.method)}](**params)
print(result)
`;
}

// PHP ---------------------------------------------------------------------------------------------

const phpText = (text) => `'${text.replace(/[\\']/g, "\\$&")}'`;
const PHP = {
  text: phpText,
  yes: "true",
  no: "false",
  nothing: "null",
  empty: "new stdClass()",
  brackets: ["[", "]"],
  pair: " => ",
  indent: "    ",
  secret: (variable) => `getenv('${variable}')`,
};

function phpJson(call) {
  return `<?php
$request = ${literal(request(call), PHP)};
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => 'Content-Type: application/json',
    'content' => json_encode($request, JSON_THROW_ON_ERROR),
]]);
$response = file_get_contents(${phpText(call.jsonUrl)}, false, $context);
print_r(json_decode($response, true, 512, JSON_THROW_ON_ERROR));
`;
}

function phpSoap(call) {
  const options = "['cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]";
  return `<?php
$api = new SoapClient(${phpText(call.wsdlUrl)}, ${options});
$params = ${literal(fit(call.params), PHP)};
print_r($api->__soapCall(${phpText(call.method)}, [$params]));
`;
}

// JavaScript --------------------------------------------------------------------------------------

const JAVASCRIPT = {
  text: doubleQuoted,
  yes: "true",
  no: "false",
  nothing: "null",
  empty: "{}",
  brackets: ["{", "}"],
  pair: ": ",
  indent: "  ",
  secret: (variable) => `process.env.${variable}`,
};

function javascriptJson(call) {
  return `const request = ${literal(request(call), JAVASCRIPT)};
const response = await fetch(${doubleQuoted(call.jsonUrl)}, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(request),
});
console.log(JSON.stringify(await response.json(), null, 2));
`;
}

// Common ------------------------------------------------------------------------------------------

/** A string literal that is valid in JSON, Python and JavaScript, on one line. */
function doubleQuoted(text) {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value as a literal of a language. */
function literal(value, language, before = "") {
  if (value instanceof Secret) return language.secret(value.variable);
  if (value === null) return language.nothing;
  if (typeof value === "boolean") return value ? language.yes : language.no;
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return language.text(value);
  const within = before + language.indent;
  const list = Array.isArray(value);
  const [open, close] = list ? ["[", "]"] : language.brackets;
  const members = Object.entries(value).map(
    ([name, member]) =>
      within +
      (list ? "" : language.text(name) + language.pair) +
      literal(member, language, within),
  );
  if (!members.length) return list ? "[]" : language.empty;
  return `${open}\n${members.join(",\n")},\n${before}${close}`;
}

/** Returns a copy in which each secret is replaced. */
const mapped = (value, replace) =>
  changed(value, (each) => (each instanceof Secret ? replace(each) : each));

/** Returns a copy in which strings have only characters that XML allows. */
const fit = (value) =>
  changed(value, (each) => (typeof each === "string" ? fitForXml(each) : each));

function changed(value, change) {
  if (Array.isArray(value)) return value.map((each) => changed(each, change));
  if (value && typeof value === "object" && !(value instanceof Secret)) {
    const members = Object.entries(value).map(([name, member]) => [name, changed(member, change)]);
    return Object.fromEntries(members);
  }
  return change(value);
}
