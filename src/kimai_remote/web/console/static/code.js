// JSON and XML for display: indented and coloured. All content is set as text.

import { parseXml } from "./wsdl.js";
import { el } from "./dom.js";

/** Longer texts are shown without colours. */
const MAX_COLOURED = 30_000;
/** Longer texts are cut. */
const MAX_SHOWN = 200_000;

export function prettyJson(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function prettyXml(text) {
  try {
    const document = parseXml(text);
    return serialized(document.documentElement, "").join("\n");
  } catch {
    return text;
  }
}

function serialized(element, indent) {
  const whole = new XMLSerializer().serializeToString(element.cloneNode(false));
  const children = [...element.children];
  if (!children.length) {
    const text = element.textContent;
    if (!text) return [indent + withoutInherited(whole, element)];
    const withText = element.cloneNode(false);
    withText.textContent = text;
    return [indent + withoutInherited(new XMLSerializer().serializeToString(withText), element)];
  }
  const start = withoutInherited(whole, element).replace(/(\/>|><\/[^>]*>)$/, ">");
  return [
    indent + start,
    ...children.flatMap((child) => serialized(child, `${indent}  `)),
    `${indent}</${element.tagName}>`,
  ];
}

/** Removes the namespace declarations that the element inherits. */
function withoutInherited(text, element) {
  if (!element.parentElement) return text;
  const inherited = (prefix) => element.parentElement.lookupNamespaceURI(prefix || null);
  return text.replace(/^<[^>]*>/, (tag) =>
    tag.replace(/ xmlns(?::([\w.-]+))?="([^"]*)"/g, (declaration, prefix, uri) =>
      inherited(prefix) === uri ? "" : declaration,
    ),
  );
}

const TOKENS = {
  json: /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g,
  xml: /(<[^>]*>)/g,
};

/**
 * A box with code.
 *
 * @param {string} text
 * @param {"json"|"xml"|"text"} language
 * @param {string} label The name for screen readers.
 */
export function codeBox(text, language, label) {
  const shown = text.slice(0, MAX_SHOWN);
  const code = el("code", {}, ...coloured(shown, language));
  const box = el("pre", { tabindex: "0", role: "region", "aria-label": label }, code);
  if (shown.length === text.length) return box;
  const note = `Showing the first ${MAX_SHOWN / 1000} of ${Math.ceil(text.length / 1000)} thousand characters. “Copy” copies all of them.`;
  return el("div", {}, box, el("p", { class: "hint" }, note));
}

function* coloured(text, language) {
  const tokens = TOKENS[language];
  if (!tokens || text.length > MAX_COLOURED) {
    yield text;
    return;
  }
  let last = 0;
  for (const match of text.matchAll(tokens)) {
    yield text.slice(last, match.index);
    const [token, quoted, colon, word] = match;
    if (language === "xml") yield* tag(token);
    else if (quoted && colon) yield* [el("span", { class: "t-name" }, quoted), colon];
    else if (quoted) yield el("span", { class: "t-text" }, quoted);
    else yield el("span", { class: word ? "t-word" : "t-number" }, token);
    last = match.index + token.length;
  }
  yield text.slice(last);
}

/** Colours a tag: its name, and more quietly its attributes. */
function* tag(token) {
  const [, start, rest, end] = token.match(/^(<[/?]?[\w:.-]*)([^]*?)([/?]?>)$/);
  yield el("span", { class: "t-name" }, start);
  if (rest) yield el("span", { class: "t-quiet" }, rest);
  yield el("span", { class: "t-name" }, end);
}
