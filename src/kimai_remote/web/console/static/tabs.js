// The tabs, by the ARIA pattern: one tab stop, and arrow keys between them. The open tab is in the
// URL's fragment (#time), so that links and the Back button work.

/**
 * @param {HTMLElement} list The element with role tablist.
 * @param {(name: string, rest: string) => void} opened Called when a tab is opened, with its name
 *   and the part of the fragment after the slash.
 */
export function tabs(list, opened) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const names = all.map((tab) => tab.getAttribute("aria-controls"));

  function open() {
    const [requested, ...rest] = decode(location.hash.slice(1)).split("/");
    // Another fragment, such as that of the skip link, changes no tab.
    if (requested && !names.includes(requested)) return;
    const name = requested || names[0];
    for (const [index, tab] of all.entries()) {
      const chosen = names[index] === name;
      tab.setAttribute("aria-selected", chosen);
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(names[index]).hidden = !chosen;
      if (chosen) document.title = `${tab.textContent} · kimai-remote`;
    }
    opened(name, rest.join("/"));
  }

  for (const [index, tab] of all.entries()) {
    tab.addEventListener("click", () => (location.hash = names[index]));
    tab.addEventListener("keydown", (event) => {
      const last = all.length - 1;
      const next = {
        ArrowRight: index === last ? 0 : index + 1,
        ArrowLeft: index === 0 ? last : index - 1,
        Home: 0,
        End: last,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      location.hash = names[next];
      all[next].focus();
    });
  }
  addEventListener("hashchange", open);
  list.hidden = false;
  if (!names.includes(decode(location.hash.slice(1)).split("/")[0])) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  open();
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
