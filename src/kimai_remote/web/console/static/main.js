// The console: the account menu and the tabs.

import { account } from "./account.js";
import { methodsView } from "./methods.js";
import { startView } from "./start.js";
import { tabs } from "./tabs.js";
import { timeView } from "./time.js";

const byId = (id) => document.getElementById(id);

account(byId("account"));
const views = {
  start: startView(byId("start")),
  methods: methodsView(byId("methods")),
  time: timeView(byId("time")),
};
let shown = null;
tabs(document.querySelector("[role=tablist]"), (name, rest) => {
  if (shown !== name) views[shown]?.hidden?.();
  shown = name;
  views[name].shown(rest);
});
