/** The list of what is unsent: every cell with its state and reason, and what its author may do about it. */

import { outbox } from "./offline.js";
import { save, sheet } from "./outbox-sheet.js";

const place = document.querySelector("[data-outbox]");
const words = place.dataset;
const body = place.querySelector("tbody");
const pattern = document.querySelector("#outbox-row");
//: Dates are the city's, whatever the clock of this machine is set to.
const CITY = { timeZone: "Asia/Shanghai", hour12: false, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };

let cells = [];

function timeOf(at) {
  return new Intl.DateTimeFormat("zh-CN", { year: "numeric", ...CITY }).format(new Date(at));
}

/** The cell's texts, by the names that the table and the file use. */
function told(cell) {
  const about = cell.about || {};
  return {
    ...about,
    project: about.project || `#${cell.series}`,
    period_label: about.period || `#${cell.period}`,
    value: cell.value,
    no_progress_reason: cell.no_progress_reason,
    note: cell.note,
    version: cell.version,
    typed: timeOf(cell.typed_at),
    standing: wordOf(cell.state),
    reason: reasonOf(cell),
  };
}

function wordOf(state) {
  return pattern.content.querySelector(`[data-state="${state}"]`).lastChild.textContent.trim();
}

function reasonOf({ answer }) {
  if (!answer) return "";
  const said = answer.message || words.refusedUnexplained.replace("{code}", answer.code || "");
  const theirs = answer.theirs;
  if (!theirs) return said;
  const value = theirs.no_progress_reason || theirs.value || words.blank;
  return `${said} ${words.theirs}${value}${theirs.by ? `（${theirs.by}）` : ""}`;
}

function contentOf(cell) {
  if (cell.no_progress_reason) return words.noProgress + cell.no_progress_reason;
  return cell.value === "" ? words.blank : cell.value;
}

function rowOf(cell, index) {
  const row = document.importNode(pattern.content, true).firstElementChild;
  const texts = { ...told(cell), content: contentOf(cell) };
  for (const [name, text] of Object.entries(texts)) {
    const slot = row.querySelector(`[data-text="${name}"]`);
    if (slot) slot.textContent = text;
  }
  for (const tag of row.querySelectorAll("[data-state]")) tag.hidden = tag.dataset.state !== cell.state;
  const link = row.querySelector("[data-edit]");
  if (cell.about && cell.about.url) link.href = cell.about.url;
  else link.remove();
  const theirs = cell.answer && cell.answer.theirs;
  row.querySelector("[data-retry]").hidden = !cell.answer || Boolean(theirs && theirs.may_change === false);
  if (cell.state === "conflict") row.querySelector("[data-retry]").textContent = words.insist;
  for (const button of row.querySelectorAll("button")) {
    button.value = index;
    button.setAttribute("aria-label", `${button.textContent.trim()}：${texts.project} ${texts.indicator || ""}`);
  }
  return row;
}

async function show() {
  cells = await outbox.pending();
  const active = document.activeElement;
  const focused = body.contains(active) ? [...body.querySelectorAll("button, a")].indexOf(active) : -1;
  body.textContent = "";
  body.append(...cells.map(rowOf));
  const controls = body.querySelectorAll("button, a");
  if (focused >= 0 && controls.length) controls[Math.min(focused, controls.length - 1)].focus();
  place.querySelector(".table-scroll").hidden = cells.length === 0;
  place.querySelector("[data-empty]").hidden = cells.length > 0;
  for (const button of place.querySelectorAll("[data-sync], [data-export]")) button.disabled = cells.length === 0;
}

async function syncNow(button) {
  button.setAttribute("aria-busy", "true");
  const before = cells.length;
  await outbox.sync();
  await show();
  button.removeAttribute("aria-busy");
  const waiting = cells.filter((cell) => !cell.answer).length;
  const counts = { sent: Math.max(0, before - cells.length), waiting, held: cells.length - waiting };
  say(words.synced.replace(/{(\w+)}/g, (_, name) => counts[name]));
}

function say(text) {
  place.querySelector("[data-said]").textContent = text;
}

function write() {
  const day = timeOf(Date.now()).slice(0, 10).split("/").join("");
  save(sheet(cells.map(told)), `${words.file}_${day}.csv`);
}

async function drop(cell) {
  const ask = cell.state === "sending" ? words.askDropSent : words.askDrop;
  if (window.confirm(ask)) await outbox.discard(cell);
}

place.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { sync, export: file, retry } = button.dataset;
  if (sync !== undefined) await syncNow(button);
  else if (file !== undefined) write();
  else if (retry !== undefined) await outbox.retry(cells[button.value]);
  else await drop(cells[button.value]);
});

outbox.addEventListener("change", show);
outbox.addEventListener("link", show);
show();
