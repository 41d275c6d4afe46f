// The tabs, by the ARIA pattern: one stop for Tab, arrows between them. The open one is in the
// address's fragment (#time), so that it can be linked to and Back works.

/**
 * @param {HTMLElement} list The element with role tablist.
 * @param {(name: string, rest: string) => void} opened Called with a tab's name when it is opened,
 *   and with what follows the slash in the fragment.
 */
export function tabs(list, opened) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const names = all.map((tab) => tab.getAttribute("aria-controls"));

  function open() {
    const [asked, ...rest] = decode(location.hash.slice(1)).split("/");
    // A fragment of something else, such as the link that skips to the content, changes no tab.
    if (asked && !names.includes(asked)) return;
    const name = asked || names[0];
    for (const [place, tab] of all.entries()) {
      const chosen = names[place] === name;
      tab.setAttribute("aria-selected", chosen);
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(names[place]).hidden = !chosen;
      if (chosen) document.title = `${tab.textContent} · kimai-remote`;
    }
    opened(name, rest.join("/"));
  }

  for (const [place, tab] of all.entries()) {
    tab.addEventListener("click", () => (location.hash = names[place]));
    tab.addEventListener("keydown", (event) => {
      const last = all.length - 1;
      const next = {
        ArrowRight: place === last ? 0 : place + 1,
        ArrowLeft: place === 0 ? last : place - 1,
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
