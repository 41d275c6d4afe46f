// A call over both protocols side by side: its requests as they would be sent, and the answers.

import { JSON_URL, send, sendJson, SOAP_URL } from "./api.js";
import { codeBox, prettyJson, prettyXml } from "./code.js";
import { button, copy, el, fill, uid } from "./dom.js";
import { sent, shown, shownAnswer } from "./secrets.js";
import { check, isDenied, session } from "./session.js";
import { parseXml } from "./wsdl.js";

/** The requests of a method and their answers. */
export class Exchange {
  constructor(method, wsdl) {
    this.method = method;
    this.protocols = {
      "JSON-RPC": new Protocol("JSON-RPC", {
        language: "json",
        pretty: prettyJson,
        head: ({ native }) => `POST ${JSON_URL.pathname}${native ? "?types=native" : ""}`,
        write: (params) => JSON.stringify(request(method, params), null, 2),
        post: (params, { native }) => sendJson(JSON.stringify(request(method, params)), { native }),
        outcome: jsonOutcome,
      }),
      SOAP: new Protocol("SOAP", {
        language: "xml",
        pretty: prettyXml,
        head: () => `POST ${SOAP_URL.pathname}`,
        write: (params) => wsdl.envelope(method.name, params),
        post: (params) =>
          send(SOAP_URL, {
            method: "POST",
            body: wsdl.envelope(method.name, params),
            headers: {
              "Content-Type": "text/xml; charset=utf-8",
              SOAPAction: `"${wsdl.action(method.name)}"`,
            },
          }),
        outcome: soapOutcome,
      }),
    };
    this.status = el("p", { class: "off-screen", role: "status" });
    const panes = Object.values(this.protocols).map(({ element }) => element);
    this.element = el("div", {}, this.status, el("div", { class: "side-by-side" }, panes));
  }

  /** Shows the requests of these values; `chosen` are the protocols that would be sent. */
  preview(values, chosen, options) {
    const params = shown(this.method, values, options.secrets);
    for (const [name, protocol] of Object.entries(this.protocols)) {
      protocol.preview(params, chosen.includes(name), options);
    }
  }

  /** Sends them, and shows the answers. */
  async send(values, chosen, options) {
    const params = sent(this.method, values);
    const own = session()?.key;
    const told = [];
    for (const [name, protocol] of Object.entries(this.protocols)) {
      if (!chosen.includes(name)) protocol.skip();
    }
    for (const name of chosen) told.push(await this.protocols[name].send(params, options));
    fill(this.status, told.map(({ summary }) => summary).join(" "));
    if (own && params.apiKey === own && told.some(({ text }) => isDenied(text))) {
      await check().catch(() => {});
    }
  }
}

const request = (method, params) => ({ jsonrpc: "2.0", id: 1, method: method.name, params });

/** One side: a protocol's request and answer. */
class Protocol {
  constructor(name, how) {
    this.name = name;
    this.how = how;
    this.request = el("div", {});
    this.answer = el("div", {});
    const heading = el("h3", { id: uid() }, name);
    this.element = el(
      "section",
      { class: "card pane", "aria-labelledby": heading.id },
      heading,
      this.request,
      this.answer,
    );
    this.idle("Not sent yet.");
  }

  preview(params, isSent, options) {
    const text = this.how.write(params);
    const head = el("span", { class: "mono" }, this.how.head(options));
    fill(this.request, this.block("Request", text, head, !isSent && "shown only"));
  }

  idle(text) {
    fill(this.answer, el("h4", {}, "Answer"), el("p", { class: "empty" }, text));
  }

  skip() {
    this.idle("Not sent over this protocol.");
  }

  async send(params, options) {
    fill(this.answer, el("h4", {}, "Answer"), el("p", { class: "loading" }, "Waiting…"));
    let reply;
    try {
      reply = await this.how.post(params, options);
    } catch (error) {
      fill(this.answer, el("h4", {}, "Answer"), el("p", { class: "error" }, error.message));
      return { summary: `${this.name}: ${error.message}`, text: "" };
    }
    const status = `${reply.status} ${reply.statusText}`.trim();
    const took = `${Math.max(1, Math.round(reply.milliseconds))} ms`;
    const outcome = this.how.outcome(reply.text);
    const head = [
      el("span", { class: `pill ${outcome.style}` }, outcome.text),
      el("span", { class: "mono" }, `${status} · ${took} · ${size(reply.text)}`),
    ];
    const text = this.how.pretty(shownAnswer(reply.text, options.secrets));
    fill(this.answer, this.block("Answer", text, head));
    return { summary: `${this.name}: ${outcome.text}, ${status}, ${took}.`, text: reply.text };
  }

  block(title, text, head, note) {
    const what = `${this.name} ${title.toLowerCase()}`;
    return [
      el(
        "div",
        { class: "block-head" },
        el("h4", {}, title),
        note && el("span", { class: "pill" }, note),
        button("Copy", () => copy(text, title), {
          class: "quiet",
          "aria-label": `Copy the ${what}`,
        }),
      ),
      el("p", { class: "facts" }, head),
      codeBox(text, this.how.language, what),
    ];
  }
}

function size(text) {
  const bytes = new Blob([text]).size;
  return bytes < 1000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(1)} kB`;
}

const GOOD = { text: "success", style: "good" };
const refused = (text) => ({ text: text || "refused", style: "bad" });

function jsonOutcome(text) {
  try {
    const { result, error } = JSON.parse(text);
    if (error) return refused(error.message);
    return result?.success === false ? refused(result.error?.msg) : GOOD;
  } catch {
    return refused("not JSON");
  }
}

function soapOutcome(text) {
  try {
    const document = parseXml(text);
    const first = (name) => document.getElementsByTagNameNS("*", name)[0]?.textContent;
    const fault = first("faultstring");
    if (fault !== undefined) return refused(fault);
    return first("success") === "false" ? refused(first("msg")) : GOOD;
  } catch {
    return refused("not XML");
  }
}
