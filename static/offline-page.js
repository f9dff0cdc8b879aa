/** On the page that stands in for one that needs the network: what can be opened without it. */

//: Milliseconds between looks whether the server is back.
const LOOK = 15000;
const list = document.querySelector("[data-kept-pages]");

async function keptPages() {
  const [name] = (await caches.keys()).filter((each) => each.startsWith("pages-"));
  if (!name) return [];
  const cache = await caches.open(name);
  const keys = await cache.keys();
  return Promise.all(keys.map(async (key) => ({ url: key.url, title: titleOf(await (await cache.match(key)).text()) })));
}

/** What the page calls itself, and which desk is open on it. */
function titleOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const desk = page.querySelector("[role=grid]");
  const title = page.querySelector("h1").textContent.trim();
  return desk ? `${title} · ${desk.getAttribute("aria-label")}` : title;
}

async function show() {
  const pages = await keptPages();
  for (const { url, title } of pages) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = url;
    link.textContent = title;
    item.append(link);
    list.append(item);
  }
  document.querySelector("[data-none-kept]").hidden = pages.length > 0;
}

/** Open the page that was asked for once the server answers; the browser's word for it is not enough. */
async function look() {
  try {
    await fetch(window.location.href, { method: "HEAD", cache: "no-store" });
  } catch (lost) {
    return;
  }
  window.location.reload();
}

window.addEventListener("online", look);
setInterval(() => document.hidden || look(), LOOK);
if (window.caches) show();
