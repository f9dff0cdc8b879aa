/**
 * Pages without network: the grid and the list of what is unsent, as this user last saw them, and the files they need.
 *
 * /sw.js sets `portal` and loads this file. Pages are kept in a cache named after the user whom the server named in the
 * answer; there is never a second one, for the first answer to somebody else, or to nobody, drops it. The network comes
 * first always, so that nobody works on an old page while a new one is to be had.
 */

const { portal } = self;
const SHELL = `shell-${portal.version}`;
const PAGES = "pages-";
//: Milliseconds that a page may take while a kept one could be shown.
const PATIENCE = 8000;
const MOST_PAGES = 12;
//: A proxy's word for a portal that is not there.
const IS_DOWN = [502, 503, 504];

/** The newest question that was answered, and the user for whom: "" is nobody. */
let latest = { asked: 0, user: null };

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  const { user, asked, keep: address } = event.data;
  // The page that brought this worker in was fetched before there was one.
  event.waitUntil(noteUser(user, asked).then(() => address && keepOnce(address)));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (url.pathname.startsWith(portal.static)) event.respondWith(file(request));
});

async function install() {
  const shell = await caches.open(SHELL);
  await shell.addAll([...portal.files, portal.offline].map((url) => new Request(url, { cache: "no-cache" })));
  await self.skipWaiting();
}

/** Drop the files of former versions, but for those that a kept page was made for. */
async function activate() {
  const needed = new Set([SHELL]);
  for (const name of await pagesCaches()) {
    const cache = await caches.open(name);
    for (const key of await cache.keys()) needed.add((await cache.match(key)).headers.get("X-Shell"));
  }
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("shell-") && !needed.has(name)).map(drop));
  await self.clients.claim();
}

/** A file with its hash in its name never changes; any other is asked for each time. */
async function file(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept && portal.hashed) return kept;
  try {
    const fresh = await fetch(request);
    if (fresh.ok && fresh.status === 200) await (await caches.open(SHELL)).put(request, fresh.clone());
    return fresh;
  } catch (lost) {
    return kept || Response.error();
  }
}

async function page(event, url) {
  const asked = Date.now();
  const kept = await keptPage(url);
  let fresh;
  try {
    fresh = await (kept ? inTime(fetch(event.request)) : fetch(event.request));
  } catch (lost) {
    return kept || (await caches.match(portal.offline, { ignoreVary: true })) || Response.error();
  }
  if (kept && IS_DOWN.includes(fresh.status)) return kept;
  const user = fresh.headers.get("X-Portal-User");
  if (user !== null) await noteUser(user, asked);
  if (isKeepable(fresh, url)) event.waitUntil(keep(user, url, fresh.clone(), asked));
  return fresh;
}

function inTime(answer) {
  return new Promise((resolve, reject) => {
    setTimeout(reject, PATIENCE);
    answer.then(resolve, reject);
  });
}

const pagesCaches = async () => (await caches.keys()).filter((name) => name.startsWith(PAGES));
const drop = (name) => caches.delete(name);
const addressOf = (url) => url.pathname + url.search;

/** Another user, or nobody, is at this machine now: what was kept for the last one goes. */
async function noteUser(user, asked) {
  if (asked < latest.asked) return;
  latest = { asked, user };
  const others = (await pagesCaches()).filter((name) => name !== PAGES + user);
  await Promise.all(others.map(drop));
}

function isKeepable(response, url) {
  const isWhole = response.status === 200 && !response.redirected;
  return isWhole && portal.kept.includes(url.pathname) && Boolean(response.headers.get("X-Portal-User"));
}

/** Keep the page with the time it was asked for, the oldest making room, and the list of what is unsent beside it. */
async function keep(user, url, response, asked) {
  const headers = new Headers(response.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  headers.set("X-Kept-At", String(asked));
  headers.set("X-Shell", SHELL);
  const body = await response.text();
  const cache = await caches.open(PAGES + user);
  await cache.delete(addressOf(url));
  await cache.put(addressOf(url), new Response(body, { headers }));
  const keys = (await cache.keys()).filter((key) => new URL(key.url).pathname !== portal.outbox);
  await Promise.all(keys.slice(0, -MOST_PAGES).map((key) => cache.delete(key)));
  if (latest.user !== user) await drop(PAGES + user);
  else if (!(await cache.match(portal.outbox))) await keepOnce(portal.outbox);
}

async function keepOnce(address) {
  const url = new URL(address, self.location);
  const asked = Date.now();
  try {
    const response = await fetch(url.href, { credentials: "same-origin", cache: "no-store" });
    const user = response.headers.get("X-Portal-User");
    if (user !== null) await noteUser(user, asked);
    if (isKeepable(response, url)) await keep(user, url, response, asked);
  } catch (lost) {
    // It will be kept when it is next opened.
  }
}

/** The page as it was, saying on its body since when; null if it is not there. */
async function keptPage(url) {
  const [name] = await pagesCaches();
  const found = name && portal.kept.includes(url.pathname) && (await (await caches.open(name)).match(addressOf(url)));
  if (!found) return null;
  const html = await found.text();
  const mark = `<body data-kept-at="${Number(found.headers.get("X-Kept-At"))}"`;
  return new Response(html.replace("<body", mark), { headers: found.headers });
}
