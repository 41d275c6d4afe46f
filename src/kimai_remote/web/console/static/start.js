// The first tab: what the service is, whether it is ready, and its URLs.

import { showSignIn } from "./account.js";
import { call, ROOT, send } from "./api.js";
import { loadContract } from "./contract.js";
import { button, copy, el, fill } from "./dom.js";
import { onSession, session } from "./session.js";

export function startView(panel) {
  const health = panel.querySelector("#health");
  const cards = panel.querySelector("#cards");
  cards.hidden = false;

  function showCards() {
    fill(
      cards,
      card(
        "Track time",
        "Start and stop the timer, edit entries, see the hours of each week, and record expenses.",
        session()
          ? el("a", { class: "button primary", href: "#time" }, "Open the time tracker")
          : button("Sign in to start", signIn, { class: "primary" }),
      ),
      card(
        "Try the methods",
        "Call each method with a form, compare requests and responses in JSON-RPC and SOAP, and copy code.",
        el("a", { class: "button", href: "#methods" }, "Browse the methods"),
      ),
    );
  }

  async function signIn() {
    if (await showSignIn()) location.hash = "time";
  }

  async function check() {
    fill(health, el("span", { class: "pill" }, "Checking the server…"));
    const state = await ready();
    fill(
      health,
      el("span", { class: `pill ${state.style}` }, state.text),
      state.version && el("span", { class: "pill" }, `Version ${state.version}`),
      state.details.map((text) => el("span", { class: "pill" }, text)),
      button("Check again", check, { class: "quiet" }),
    );
  }

  showCards();
  onSession(showCards);
  showUrls(panel);
  return { shown: check };
}

const card = (title, text, action) =>
  el("div", { class: "card" }, el("h2", {}, title), el("p", {}, text), action);

/** The state of the service: `{text, style, version, details}`. */
async function ready() {
  let version = "";
  let details = [];
  try {
    await call("getVersion");
    const reply = await send(new URL("health/ready", ROOT), { cache: "no-store" });
    if (reply.status === 200 || reply.status === 503) {
      const { status, checks = {}, version: own = "" } = JSON.parse(reply.text);
      version = own;
      details = Object.entries(checks).map(([name, state]) => `${name}: ${state}`);
      if (status !== "ok") {
        return { text: "Not ready. See the server’s log.", style: "bad", version, details };
      }
    }
    return { text: "Running", style: "good", version, details };
  } catch (error) {
    const text =
      error instanceof SyntaxError ? "The health check didn’t return JSON." : error.message;
    return { text, style: "bad", version, details };
  }
}

/** Shows the absolute URLs, as the service knows them, each with a button to copy it. */
async function showUrls(panel) {
  const links = [...panel.querySelectorAll(".urls a")];
  let base = ROOT.href;
  try {
    base = new URL("../", (await loadContract()).jsonUrl).href;
  } catch {
    // The health check shows the error; the URL of this page is the fallback.
  }
  for (const link of links) {
    const url = new URL(link.getAttribute("href"), base).href;
    link.textContent = url;
    const what = link.closest("div").querySelector("dt").textContent;
    const label = { "aria-label": `Copy the URL: ${what}`, class: "quiet" };
    link.after(button("Copy", () => copy(url, "URL"), label));
  }
}
