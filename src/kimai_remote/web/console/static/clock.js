// The server's time. The browser's clock may be wrong, so only time differences are taken from it.

let seconds = Date.now() / 1000;
let measured = performance.now();

/** The server's time now, in unix seconds. */
export const now = () => seconds + (performance.now() - measured) / 1000;

/** Sets the clock to a time that the server sent. */
export function sync(servertime) {
  seconds = servertime;
  measured = performance.now();
}

/** Sets the clock by a Date header, unless the difference is within the header's precision. */
export function syncRoughly(date) {
  const sent = Date.parse(date ?? "") / 1000;
  if (Math.abs(sent - now()) > 2) sync(sent);
}
