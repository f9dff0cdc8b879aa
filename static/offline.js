/** On every page: the worker behind it, the count of what is unsent, and what is said while the network is away. */

import { Outbox } from "./outbox.js";

const page = document.body.dataset;
const seenAt = Number(page.keptAt) || performance.timeOrigin;
//: Milliseconds between looks whether the network is back, on a page that has nothing to send.
const LOOK = 30000;

/** This user's way to the server; null while nobody is signed in. */
export const outbox = page.user ? new Outbox({ user: page.user, url: page.cell, csrf: token(), seenAt }) : null;

function token() {
  const input = document.querySelector("[name=csrfmiddlewaretoken]");
  return input ? input.value : "";
}

/** Bring in the worker, and tell it who is at this page: for nobody and for the next user it keeps nothing of the last. */
async function register() {
  if (!navigator.serviceWorker) return;
  const isFirst = !navigator.serviceWorker.controller;
  const address = window.location.pathname + window.location.search;
  await navigator.serviceWorker.register(page.worker, { updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage({ user: page.user || "", asked: seenAt, keep: isFirst && page.user ? address : "" });
}

let unsent = 0;

async function count() {
  unsent = (await outbox.pending()).length;
  for (const badge of document.querySelectorAll("[data-unsent]")) {
    badge.hidden = unsent === 0;
    badge.querySelector(".count").textContent = unsent;
  }
  // The browser may clear a site it thinks unused; not while it holds what nobody else has.
  if (unsent && navigator.storage && navigator.storage.persist) navigator.storage.persist();
}

/** Which of the notes are true, on a page that works without network. */
function say() {
  const isOld = Boolean(page.keptAt) && outbox.link === "ok";
  for (const note of document.querySelectorAll("[data-note]")) {
    const { note: name } = note.dataset;
    note.hidden = !(name === outbox.link || (name === "old" && isOld) || (name === "insecure" && !window.isSecureContext));
  }
}

/** Ask the server whether it is there; the browser knows its own cable only. */
async function look() {
  if ((await outbox.check()) === "ok") await outbox.sync();
  await count();
}

function quietly(act) {
  return () => act().catch(() => {});
}

function watch() {
  outbox.addEventListener("change", quietly(count));
  outbox.addEventListener("link", say);
  for (const name of ["online", "offline"]) window.addEventListener(name, quietly(look));
  document.addEventListener("visibilitychange", () => document.hidden || quietly(() => outbox.sync())());
  setInterval(() => outbox.link === "ok" || document.hidden || quietly(look)(), LOOK);
  quietly(start)();
}

async function start() {
  say();
  await count();
  if (page.keptAt || !navigator.onLine) await look();
  else await outbox.sync();
  await outbox.store.forget(Date.now());
}

/** What a form would lose is said before: the network, or what this user has not sent yet. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  const asks = [];
  if (form.method === "post" && !navigator.onLine) asks.push(page.askOffline);
  if (form.matches("[data-signs-out]") && unsent > 0) asks.push(page.askLeave.replace("{n}", unsent));
  if (asks.every((ask) => window.confirm(ask))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

quietly(register)();
if (outbox) watch();
