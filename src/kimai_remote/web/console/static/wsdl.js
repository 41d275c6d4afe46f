// Requests in SOAP 1.1 document/literal, made from the WSDL.

const WSDL = "http://schemas.xmlsoap.org/wsdl/";
const SOAP = "http://schemas.xmlsoap.org/wsdl/soap/";
const XSD = "http://www.w3.org/2001/XMLSchema";
const ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";

// Characters that XML doesn't allow, and unpaired surrogates.
const INVALID =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\t": "&#9;", "\r": "&#13;" };

/** Replaces characters that XML doesn't allow by U+FFFD, as the service does in responses. */
export const fitForXml = (text) => text.replace(INVALID, "\ufffd");

export const escapeXml = (text) =>
  fitForXml(text).replace(/[&<>\t\r]/g, (character) => ESCAPES[character]);

export function parseXml(text) {
  const document = new DOMParser().parseFromString(text, "application/xml");
  if (document.querySelector("parsererror")) throw new Error("This isn’t well-formed XML.");
  return document;
}

/** `{url, action(method), envelope(method, params)}`. */
export function readWsdl(text) {
  const document = parseXml(text);
  const all = (namespace, name, within = document) => [
    ...within.getElementsByTagNameNS(namespace, name),
  ];
  const named = (elements) => new Map(elements.map((each) => [each.getAttribute("name"), each]));
  const schemas = all(XSD, "schema");
  const top = (name) =>
    named(schemas.flatMap((schema) => [...schema.children].filter((c) => c.localName === name)));
  const elements = top("element");
  const types = top("complexType");
  const messages = named(all(WSDL, "message"));
  const ports = named(all(WSDL, "portType").flatMap((port) => all(WSDL, "operation", port)));
  const bound = named(all(WSDL, "binding").flatMap((port) => all(WSDL, "operation", port)));

  /** The child elements of a message or record in order; none for a plain value. */
  function members(element) {
    const type =
      [...element.children].find((child) => child.localName === "complexType") ??
      types.get(local(element.getAttribute("type")));
    return type ? all(XSD, "element", type) : [];
  }

  function lines(element, value, indent) {
    const name = element.getAttribute("name");
    const inner = members(element);
    if (Array.isArray(value)) {
      // A list is an element with a child element for each record.
      const records = value.flatMap((each) => lines(inner[0], each, `${indent}  `));
      return [`${indent}<${name}>`, ...records, `${indent}</${name}>`];
    }
    if (inner.length) {
      return [
        `${indent}<${name}>`,
        ...inner.flatMap((member) => optional(member, value, `${indent}  `)),
        `${indent}</${name}>`,
      ];
    }
    return [`${indent}<${name}>${escapeXml(String(value))}</${name}>`];
  }

  function optional(member, values, indent) {
    const value = values?.[member.getAttribute("name")];
    return value === undefined || value === null ? [] : lines(member, value, indent);
  }

  return {
    url: all(SOAP, "address")[0].getAttribute("location"),

    action(method) {
      return all(SOAP, "operation", bound.get(method))[0].getAttribute("soapAction") ?? "";
    },

    /** The envelope of a call, without parameters that aren't in the contract. */
    envelope(method, params) {
      const input = all(WSDL, "input", ports.get(method))[0];
      const message = messages.get(local(input.getAttribute("message")));
      const part = all(WSDL, "part", message)[0];
      const element = elements.get(local(part.getAttribute("element")));
      const name = element.getAttribute("name");
      const namespace = element.parentNode.getAttribute("targetNamespace");
      const content = members(element).flatMap((member) => optional(member, params, "      "));
      const start = `    <${name} xmlns="${escapeXml(namespace)}"`;
      return [
        '<?xml version="1.0" encoding="utf-8"?>',
        `<soap:Envelope xmlns:soap="${ENVELOPE}">`,
        "  <soap:Body>",
        ...(content.length ? [`${start}>`, ...content, `    </${name}>`] : [`${start}/>`]),
        "  </soap:Body>",
        "</soap:Envelope>",
      ].join("\n");
    },
  };
}

const local = (name) => (name ?? "").split(":").pop();
