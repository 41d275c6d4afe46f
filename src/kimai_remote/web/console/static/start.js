// The first tab: what this is, whether it works, and where.

import { askWho } from "./account.js";
import { call, ROOT, send } from "./api.js";
import { loadContract } from "./contract.js";
import { button, copy, el, fill } from "./dom.js";
import { onSession, session } from "./session.js";

export function startView(panel) {
  const health = panel.querySelector("#health");
  const ways = panel.querySelector("#ways");
  ways.hidden = false;

  function showWays() {
    fill(
      ways,
      way(
        "Track time",
        "Start and stop the clock, correct entries, see where the week went, keep expenses.",
        session()
          ? el("a", { class: "button primary", href: "#time" }, "Open the time tracker")
          : button("Sign in to start", enter, { class: "primary" }),
      ),
      way(
        "Try the methods",
        "Every method by a form: its request and answer in JSON-RPC and in SOAP, and code to copy.",
        el("a", { class: "button", href: "#methods" }, "Browse the methods"),
      ),
    );
  }

  async function enter() {
    if (await askWho()) location.hash = "time";
  }

  async function check() {
    fill(health, el("span", { class: "pill" }, "Asking the server…"));
    const state = await ready();
    fill(
      health,
      el("span", { class: `pill ${state.style}` }, state.text),
      state.version && el("span", { class: "pill" }, `Version ${state.version}`),
      state.details.map((text) => el("span", { class: "pill" }, text)),
      button("Check again", check, { class: "quiet" }),
    );
  }

  showWays();
  onSession(showWays);
  showAddresses(panel);
  return { shown: check };
}

const way = (title, text, action) =>
  el("div", { class: "card" }, el("h2", {}, title), el("p", {}, text), action);

/** `{text, style, version, details}` of how the service is. */
async function ready() {
  let version = "";
  let details = [];
  try {
    version = await call("getVersion");
    const reply = await send(new URL("health/ready", ROOT), { cache: "no-store" });
    if (reply.status === 200 || reply.status === 503) {
      const { status, checks = {} } = JSON.parse(reply.text);
      details = Object.entries(checks).map(([name, state]) => `${name}: ${state}`);
      if (status !== "ok") {
        return { text: "Not ready; the server’s log says why", style: "bad", version, details };
      }
    }
    return { text: "Running", style: "good", version, details };
  } catch (error) {
    const text = error instanceof SyntaxError ? "The health check gave no JSON." : error.message;
    return { text, style: "bad", version, details };
  }
}

/** Puts the whole addresses in, as the service knows itself, each with a button to copy it. */
async function showAddresses(panel) {
  const links = [...panel.querySelectorAll(".addresses a")];
  let base = ROOT.href;
  try {
    base = new URL("../", (await loadContract()).jsonUrl).href;
  } catch {
    // The health line says what is wrong; this page's own address has to do.
  }
  for (const link of links) {
    const address = new URL(link.getAttribute("href"), base).href;
    link.textContent = address;
    const what = link.closest("div").querySelector("dt").textContent;
    const label = { "aria-label": `Copy the address: ${what}`, class: "quiet" };
    link.after(button("Copy", () => copy(address, "Address"), label));
  }
}
