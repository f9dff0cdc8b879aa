/** The queue by keyboard: every key does what an input of the row does, so the form is sent the same either way. */

const form = document.getElementById("batch");
const rows = form ? Array.from(form.querySelectorAll("[data-row]")) : [];

const decisionsOf = (row) => Array.from(row.querySelectorAll("[type=radio]"));
const opinionOf = (row) => row.querySelector("[name$='-opinion']");
const pickOf = (row) => row.querySelector("[name=pick]");

function decisionOf(row) {
  const chosen = decisionsOf(row).find((radio) => radio.checked);
  return chosen ? chosen.value : "";
}

function changed(input) {
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function decide(row, decision) {
  const radio = decisionsOf(row).find((each) => each.value === decision);
  radio.checked = true;
  changed(radio);
}

function pick(row, isPicked) {
  const box = pickOf(row);
  box.checked = isPicked;
  changed(box);
}

/** The row that has the focus, or holds what has it. */
function current() {
  return document.activeElement.closest("[data-row]");
}

/** Tab enters the list at the row that was last in use. */
function makeCurrent(row) {
  for (const each of rows) each.tabIndex = each === row ? 0 : -1;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const row = current();
  const next = row ? rows.indexOf(row) + step : 0;
  if (rows[next]) makeCurrent(rows[next]);
}

function pass(row) {
  const isPassed = decisionOf(row) === "pass";
  decide(row, isPassed ? "" : "pass");
  if (!isPassed) move(1);
}

function sendBack(row) {
  decide(row, "return");
  opinionOf(row).focus();
}

const keys = {
  j: () => move(1),
  ArrowDown: () => move(1),
  k: () => move(-1),
  ArrowUp: () => move(-1),
  p: pass,
  b: sendBack,
  " ": (row) => pick(row, !pickOf(row).checked),
  Enter: (row) => row.querySelector("th a").click(),
};
/** Keys that need no row to act on. */
const FREE = ["j", "ArrowDown", "k", "ArrowUp"];

function showKeys() {
  const help = form.querySelector("[data-keys]");
  help.open = !help.open;
  if (help.open) help.scrollIntoView({ block: "nearest" });
}

/** In an opinion all keys write, but Enter and Escape lead back to its row instead of sending the form. */
function inText(event) {
  const row = event.target.closest("[data-row]");
  if (!row || !["Enter", "Escape"].includes(event.key)) return;
  event.preventDefault();
  makeCurrent(row);
}

/** A box, radio, button or link keeps the keys that it knows itself. */
function isTheirs(target, key) {
  if (target.type === "radio" && key.startsWith("Arrow")) return true;
  return target.matches("input, button, a, summary, select") && [" ", "Enter"].includes(key);
}

function listen(event) {
  if (event.isComposing || event.altKey || event.metaKey) return;
  if (event.ctrlKey) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-submit]"));
    return;
  }
  if (event.target.matches("[type=text], [type=search], [type=month], textarea, select")) {
    inText(event);
    return;
  }
  if (event.key === "?") {
    showKeys();
    return;
  }
  const row = current();
  if (!keys[event.key] || isTheirs(event.target, event.key) || !(row || FREE.includes(event.key))) return;
  event.preventDefault();
  keys[event.key](row);
}

function summarise() {
  const count = (decision) => rows.filter((row) => decisionOf(row) === decision).length;
  const picked = rows.filter((row) => pickOf(row).checked).length;
  const summary = form.querySelector("[data-summary]");
  const words = { picked, pass: count("pass"), return: count("return") };
  summary.textContent = summary.dataset.words.replace(/\{(\w+)\}/g, (_all, word) => words[word]);
}

function start() {
  for (const hidden of form.querySelectorAll("[data-keys], [data-pick-all], [data-pass-all]")) hidden.hidden = false;
  form.querySelector("[data-pass-all]").addEventListener("click", () => {
    for (const row of rows) if (!decisionOf(row)) decide(row, "pass");
  });
  form.querySelector("[data-pick-all]").addEventListener("change", (event) => {
    for (const row of rows) pick(row, event.target.checked);
  });
  document.addEventListener("keydown", listen);
  form.addEventListener("input", summarise);
  summarise();
  rows[0].tabIndex = 0;
  const refused = rows.find((row) => row.classList.contains("refused"));
  if (refused) makeCurrent(refused);
}

if (rows.length) start();
