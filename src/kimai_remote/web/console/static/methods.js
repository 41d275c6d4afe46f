// The tab with all methods: parameters, a form to call each, and code to copy.

import { loadContract, loadWsdl, typeOf } from "./contract.js";
import { el, field, fill, option, problem } from "./dom.js";
import { Exchange } from "./exchange.js";
import { parameterForm } from "./form.js";
import { inputError } from "./inputs.js";
import { onSession, session } from "./session.js";
import { snippetCard } from "./snippet-card.js";

const REMARKS = { apiKey: "If it is empty, your own key is sent once you are signed in." };

export function methodsView(panel) {
  let contract = null;
  let wsdl = null;
  let shownMethod = null;
  let refresh = () => {};
  const list = el("ul", {});
  const pick = el("select", { change: () => (location.hash = `methods/${pick.value}`) });
  const content = el("div", { class: "method" });

  async function load(name) {
    fill(panel, el("p", { class: "loading", role: "status" }, "Loading the methods…"));
    try {
      [contract, wsdl] = await Promise.all([loadContract(), loadWsdl()]);
    } catch (error) {
      fill(
        panel,
        problem(error.message, () => load(name)),
      );
      return;
    }
    fill(list, contract.methods.map(entry));
    fill(
      pick,
      contract.methods.map(({ name: value }) => option(value, value)),
    );
    fill(
      panel,
      el("h1", { class: "off-screen" }, "Methods"),
      el(
        "div",
        { class: "with-list" },
        el("nav", { class: "method-list", "aria-label": "Methods" }, list),
        el("div", { class: "method-pick" }, field("Method", pick)),
        content,
      ),
    );
    open(name);
  }

  const entry = ({ name, writes }) =>
    el(
      "li",
      {},
      el(
        "a",
        { href: `#methods/${name}` },
        name,
        writes && el("span", { class: "dot", title: "May change data" }),
      ),
    );

  function open(name) {
    const method = contract.methods.find((each) => each.name === name) ?? contract.methods[0];
    for (const link of list.querySelectorAll("a")) {
      if (link.textContent === method.name) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    pick.value = method.name;
    // Entered values stay while another tab is open.
    if (method === shownMethod) return;
    shownMethod = method;
    refresh = showMethod(content, method, contract, wsdl);
  }

  onSession(() => refresh());
  return { shown: (name) => (contract && wsdl ? open(name) : load(name)) };
}

/** Shows a method; returns a function that updates it when the user signs in or out. */
function showMethod(content, method, contract, wsdl) {
  const form = parameterForm(method.params, contract.resolve, REMARKS);
  const exchange = new Exchange(method, wsdl);
  const snippets = snippetCard(method, contract, wsdl);
  const error = el("p", { class: "error", role: "alert" });
  const over = radios(method.writes);
  const native = checkbox("Native numbers and booleans in JSON (?types=native)", false);
  const secrets = checkbox("Show my key and password", false);
  const send = el("button", { class: "primary", type: "submit" }, "Send");

  function refresh() {
    try {
      const values = form.read();
      const options = { native: native.box.checked, secrets: secrets.box.checked };
      exchange.preview(values, over.chosen(), options);
      snippets.show(values, options);
    } catch {
      // Incomplete JSON: the last preview stays until it is valid.
    }
  }

  async function submit(event) {
    event.preventDefault();
    if (send.hasAttribute("aria-disabled")) return;
    fill(error);
    send.setAttribute("aria-disabled", "true");
    try {
      const values = form.read();
      const keyed = method.params.find(({ name }) => name === "apiKey");
      if (keyed && !values.apiKey && !session()) {
        throw inputError(content.querySelector("[name=apiKey]"), "Sign in, or enter an API key.");
      }
      const options = { native: native.box.checked, secrets: secrets.box.checked };
      await exchange.send(values, over.chosen(), options);
    } catch (failure) {
      fill(error, failure.message);
      failure.field?.focus();
    } finally {
      send.removeAttribute("aria-disabled");
    }
  }

  fill(
    content,
    el(
      "div",
      { class: "card" },
      el(
        "header",
        { class: "method-head" },
        el("h2", {}, method.name),
        el(
          "span",
          { class: method.writes ? "pill warn" : "pill" },
          method.writes ? "may change data" : "read-only",
        ),
      ),
      el("p", {}, method.description),
      el(
        "form",
        { submit, input: refresh, change: refresh, novalidate: true, "aria-label": method.name },
        form.elements.length > 0 && el("div", { class: "fields" }, form.elements),
        el("div", { class: "options" }, over.element, native.element, secrets.element),
        error,
        el("div", { class: "actions" }, send),
      ),
    ),
    exchange.element,
    snippets.element,
    resultTable(method, contract),
  );
  refresh();
  return refresh;
}

function radios(writes) {
  const name = "send-over";
  const choices = writes ? ["JSON-RPC", "SOAP"] : ["Both", "JSON-RPC", "SOAP"];
  const inputs = choices.map((value, index) =>
    el("input", { type: "radio", name, value, checked: index === 0 }),
  );
  const hint =
    writes &&
    el(
      "span",
      { class: "hint" },
      "This method may change data, so it is sent over one protocol only.",
    );
  return {
    element: el(
      "fieldset",
      { class: "inline" },
      el("legend", {}, "Send over"),
      inputs.map((input) => el("label", {}, input, input.value)),
      hint,
    ),
    chosen() {
      const { value } = inputs.find((input) => input.checked);
      return value === "Both" ? ["JSON-RPC", "SOAP"] : [value];
    },
  };
}

function checkbox(label, checked) {
  const box = el("input", { type: "checkbox", checked });
  return { box, element: el("label", { class: "check" }, box, label) };
}

/** The fields of the method's result as a table. */
function resultTable(method, { resolve }) {
  const result = resolve(method.result.schema);
  const items = result.properties?.items;
  const record = items && resolve(items.items);
  const title = record ? "Response fields" : `The result is a plain ${typeOf(result)}`;
  if (!record) return el("p", { class: "hint" }, `${title}.`);
  const rows = Object.entries(record.properties).map(([name, schema]) => {
    const type = typeOf(schema);
    const nullable = Array.isArray(schema.type) ? " or null" : "";
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      el("td", { class: "type" }, type + nullable),
      el("td", {}, schema.description ?? ""),
    );
  });
  return el(
    "details",
    { class: "card" },
    el("summary", {}, title),
    el(
      "p",
      {},
      "On success, the result has a list “items” of these records and their “total”; on failure, it has “error” with “msg”.",
    ),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["Field", "Type", "Meaning"].map((text) => el("th", { scope: "col" }, text)),
          ),
        ),
        el("tbody", {}, rows),
      ),
    ),
  );
}
