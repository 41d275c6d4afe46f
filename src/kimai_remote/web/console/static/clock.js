// The server's time. The computer's own clock may be wrong; only its ticking is relied on.

let seconds = Date.now() / 1000;
let at = performance.now();

/** The server's time now, in unix seconds. */
export const now = () => seconds + (performance.now() - at) / 1000;

/** The server said what time it is. */
export function sync(servertime) {
  seconds = servertime;
  at = performance.now();
}

/** An answer's Date header; it may be a second off, so it only corrects what is worse. */
export function syncRoughly(date) {
  const told = Date.parse(date ?? "") / 1000;
  if (Math.abs(told - now()) > 2) sync(told);
}
