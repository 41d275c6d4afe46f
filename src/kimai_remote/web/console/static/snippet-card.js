// The card with code to copy.

import { codeBox } from "./code.js";
import { button, copy, el, fill, uid } from "./dom.js";
import { shown } from "./secrets.js";
import { LANGUAGES } from "./snippets.js";

/** The language that was chosen last; it stays when another method is opened. */
let chosen = LANGUAGES[0].id;

/** `{element, show(values, options)}` for a method. */
export function snippetCard(method, contract, wsdl) {
  const code = el("div", {});
  const note = el("p", { class: "hint" });
  const heading = el("h3", { id: uid() }, "Code");
  let last = null;
  let text = "";

  const protocols = [...new Set(LANGUAGES.map(({ protocol }) => protocol))];
  const groups = protocols.map((protocol) =>
    el(
      "div",
      { class: "choices", role: "group", "aria-label": `Code for ${protocol}` },
      el("span", { class: "hint" }, protocol),
      LANGUAGES.filter((language) => language.protocol === protocol).map((language) =>
        button(language.label, () => choose(language.id), { "data-language": language.id }),
      ),
    ),
  );

  function choose(id) {
    chosen = id;
    if (last) show(...last);
  }

  function show(values, options) {
    last = [values, options];
    const language = LANGUAGES.find(({ id }) => id === chosen);
    const json = options.native ? `${contract.jsonUrl}?types=native` : contract.jsonUrl;
    const params = shown(method, values, options.secrets);
    text = language.write({
      method: method.name,
      params,
      jsonUrl: json,
      soapUrl: wsdl.url,
      wsdlUrl: `${wsdl.url}?wsdl&style=document`,
      action: wsdl.action(method.name),
      envelope: (marked) => wsdl.envelope(method.name, marked),
    });
    for (const each of element.querySelectorAll("[data-language]")) {
      each.setAttribute("aria-pressed", each.dataset.language === chosen);
    }
    const variables = Object.values(params)
      .map((value) => value?.variable)
      .filter(Boolean);
    const reads = `The code reads ${variables.join(" and ")} from the environment.`;
    fill(note, variables.length > 0 && reads);
    fill(code, codeBox(text, "text", `${language.label} code for ${language.protocol}`));
  }

  const element = el(
    "section",
    { class: "card", "aria-labelledby": heading.id },
    el(
      "div",
      { class: "block-head" },
      heading,
      button("Copy", () => copy(text, "Code"), { class: "quiet", "aria-label": "Copy the code" }),
    ),
    groups,
    note,
    code,
  );
  return { element, show };
}
