/** The grid page: cells that are typed into with the keyboard alone, each saved as it is left. */

import { outbox } from "./offline.js";
import { Editor } from "./grid-editor.js";
import { Panel } from "./grid-panel.js";
import { Saver } from "./grid-saver.js";
import { Sheet } from "./grid-sheet.js";

const table = document.querySelector("#grid");
const form = document.querySelector("#grid-submit");

if (table && outbox) start();

function start() {
  const words = table.dataset;
  const sheet = new Sheet(table);
  const saver = new Saver(outbox, sheet);
  const recount = once(() => count(sheet));
  const save = (cell, content) => saver.save(cell, content);
  const acts = {
    stay: (cell) => editor.go(cell),
    back: (cell) => editor.go(cell),
    last: (cell) => copyLast(cell),
    none: (cell) => !cell.isLocked && panel.ask(cell),
    reason: (cell, reason) => saved(cell, { value: "", reason }),
    unexplained: (cell) => cell.become("refused", words.sayWhy),
    mine: (cell) => cell.state === "conflict" && saver.insist(cell).then(() => editor.go(cell)),
    theirs: (cell) => cell.state === "conflict" && saver.drop(cell).then(() => editor.go(cell)),
    undo: (cell) => saver.drop(cell).then(() => editor.go(cell)),
    keys: () => toggleKeys(),
    submit: () => form.requestSubmit(),
    out: () => form.querySelector("[type=submit]").focus(),
  };
  const act = (name, cell, extra) => acts[name](cell, extra);
  const panel = new Panel(document.querySelector("#grid-panel"), words, act);
  const editor = new Editor(sheet, {
    save,
    act,
    move: (cell) => panel.show(cell),
    note: (counts) => panel.note(pasted(counts, words)),
    why: (cell) => panel.ask(cell),
  });

  function saved(cell, content) {
    save(cell, content);
    editor.go(sheet.towards(cell, 1, 0) || cell);
  }

  function copyLast(cell) {
    if (cell.isLocked) return;
    const { last } = cell.td.dataset;
    if (last === undefined) panel.note(words.sayNoLast);
    else save(cell, { value: last, reason: "" });
    editor.go(cell);
  }

  saver.addEventListener("change", ({ detail: cell }) => {
    editor.refresh(cell);
    if (cell === panel.cell) panel.show(cell);
    if (cell.message && cell.state !== "saving") panel.say(`${cell.name} ${cell.mark.textContent} ${cell.message}`);
    recount();
  });
  form.addEventListener("submit", (event) => {
    editor.commit();
    if (maySubmit()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });

  /** What is still on its way is waited for; what did not arrive stays behind with its author's consent. */
  function maySubmit() {
    if (saver.isBusy) {
      saver.idle().then(() => form.requestSubmit());
      return false;
    }
    count(sheet);
    const unsaved = sheet.cells.filter((cell) => cell.isUnsaved).length;
    return !unsaved || window.confirm(words.askSubmit.replace("{n}", unsaved));
  }

  window.addEventListener("beforeunload", (event) => {
    if (!editor.isTyping && !saver.isBusy) return;
    editor.commit();
    event.preventDefault();
    // Chromium before 119 asks only when this is set.
    event.returnValue = true;
  });
  editor.go(chosen(sheet), true);
  saver.restore().then(recount);
}

/** The cell that the address points to, else the first that needs something. */
function chosen(sheet) {
  const { hash } = window.location;
  return sheet.cells.find((cell) => `#${cell.td.id}` === hash) || sheet.first();
}

function pasted({ taken, left }, words) {
  const told = words.sayPasted.replace("{taken}", taken);
  return left ? `${told} ${words.sayLeft.replace("{left}", left)}` : told;
}

function toggleKeys() {
  const keys = document.querySelector("#grid-keys");
  keys.open = !keys.open;
  if (keys.open) keys.scrollIntoView({ block: "nearest" });
}

/** Count once for all that changes together: a pasted block is hundreds of cells. */
function once(act) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      act();
    });
  };
}

/** How far the page has come, and what would be submitted of it. */
function count(sheet) {
  const counts = {};
  for (const cell of sheet.cells) {
    if (!cell.isDerived) counts[cell.status] = (counts[cell.status] || 0) + 1;
  }
  for (const place of document.querySelectorAll("[data-count]")) place.textContent = counts[place.dataset.count] || 0;
  const ready = sheet.cells.filter((cell) => cell.isReady);
  form.elements.drafts.value = ready.map((cell) => `${cell.entry}:${cell.version}`).join(" ");
  form.querySelector("[data-ready]").textContent = ready.length;
  form.querySelector("[type=submit]").disabled = ready.length === 0;
}
