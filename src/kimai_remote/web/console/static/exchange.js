// A call over both protocols side by side: requests and responses.

import { JSON_URL, send, sendJson, SOAP_URL } from "./api.js";
import { codeBox, prettyJson, prettyXml } from "./code.js";
import { button, copy, el, fill, uid } from "./dom.js";
import { sent, shown, shownResponse } from "./secrets.js";
import { check, isDenied, session } from "./session.js";
import { parseXml } from "./wsdl.js";

/** The requests of a method and their responses, over each protocol. */
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

  /** Shows the requests with these values; `chosen` are the protocols to send over. */
  preview(values, chosen, options) {
    const params = shown(this.method, values, options.secrets);
    for (const [name, protocol] of Object.entries(this.protocols)) {
      protocol.preview(params, chosen.includes(name), options);
    }
  }

  /** Sends the requests and shows the responses. */
  async send(values, chosen, options) {
    const params = sent(this.method, values);
    const own = session()?.key;
    const results = [];
    for (const [name, protocol] of Object.entries(this.protocols)) {
      if (!chosen.includes(name)) protocol.skip();
    }
    for (const name of chosen) results.push(await this.protocols[name].send(params, options));
    fill(this.status, results.map(({ summary }) => summary).join(" "));
    if (own && params.apiKey === own && results.some(({ text }) => isDenied(text))) {
      await check().catch(() => {});
    }
  }
}

const request = (method, params) => ({ jsonrpc: "2.0", id: 1, method: method.name, params });

/** One protocol: its request and response. */
class Protocol {
  constructor(name, format) {
    this.name = name;
    this.format = format;
    this.request = el("div", {});
    this.response = el("div", {});
    const heading = el("h3", { id: uid() }, name);
    this.element = el(
      "section",
      { class: "card pane", "aria-labelledby": heading.id },
      heading,
      this.request,
      this.response,
    );
    this.idle("Not sent yet.");
  }

  preview(params, isSent, options) {
    const text = this.format.write(params);
    const head = el("span", { class: "mono" }, this.format.head(options));
    fill(this.request, this.block("Request", text, head, !isSent && "preview only"));
  }

  idle(text) {
    fill(this.response, el("h4", {}, "Response"), el("p", { class: "empty" }, text));
  }

  skip() {
    this.idle("Not sent over this protocol.");
  }

  async send(params, options) {
    fill(this.response, el("h4", {}, "Response"), el("p", { class: "loading" }, "Waiting…"));
    let reply;
    try {
      reply = await this.format.post(params, options);
    } catch (error) {
      fill(this.response, el("h4", {}, "Response"), el("p", { class: "error" }, error.message));
      return { summary: `${this.name}: ${error.message}`, text: "" };
    }
    const status = `${reply.status} ${reply.statusText}`.trim();
    const duration = `${Math.max(1, Math.round(reply.milliseconds))} ms`;
    const outcome = this.format.outcome(reply.text);
    const head = [
      el("span", { class: `pill ${outcome.style}` }, outcome.text),
      el("span", { class: "mono" }, `${status} · ${duration} · ${size(reply.text)}`),
    ];
    const text = this.format.pretty(shownResponse(reply.text, options.secrets));
    fill(this.response, this.block("Response", text, head));
    return { summary: `${this.name}: ${outcome.text}, ${status}, ${duration}.`, text: reply.text };
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
      codeBox(text, this.format.language, what),
    ];
  }
}

function size(text) {
  const bytes = new Blob([text]).size;
  return bytes < 1000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(1)} kB`;
}

const GOOD = { text: "success", style: "good" };
const failed = (text) => ({ text: text || "failed", style: "bad" });

function jsonOutcome(text) {
  try {
    const { result, error } = JSON.parse(text);
    if (error) return failed(error.message);
    return result?.success === false ? failed(result.error?.msg) : GOOD;
  } catch {
    return failed("not JSON");
  }
}

function soapOutcome(text) {
  try {
    const document = parseXml(text);
    const first = (name) => document.getElementsByTagNameNS("*", name)[0]?.textContent;
    const fault = first("faultstring");
    if (fault !== undefined) return failed(fault);
    return first("success") === "false" ? failed(first("msg")) : GOOD;
  } catch {
    return failed("not XML");
  }
}
