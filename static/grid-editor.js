/**
 * The one input that follows the clerk from cell to cell, and the keys of a spreadsheet.
 *
 * It always has the focus in the active cell, so that Chinese input methods work from the first key. Until something is
 * typed its whole text is selected: typing replaces it and the arrows move on. F2 puts the caret into the text.
 */

import { parse } from "./grid-block.js";

//: Rows that PageUp and PageDown go.
const FAR = 10;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Editor {
  /** `on` holds what happens: save(cell, content), move(cell), act(name, cell), note(text), why(cell). */
  constructor(sheet, on) {
    Object.assign(this, { sheet, on, cell: null, mode: "walk", isMoving: false });
    this.input = document.createElement("input");
    Object.assign(this.input, { className: "editor num", inputMode: "decimal", autocomplete: "off", spellcheck: false });
    this.input.maxLength = 210;
    this.input.setAttribute("aria-describedby", "grid-facts grid-said");
    const { table } = sheet;
    table.addEventListener("mousedown", (event) => this.pressed(event));
    table.addEventListener("dblclick", () => this.caret());
    table.addEventListener("click", (event) => isPlain(event) && this.sheet.of(event.target) && event.preventDefault());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("paste", (event) => this.paste(event));
    this.input.addEventListener("blur", () => this.left());
  }

  /** Go to a cell; with `inPlace` the page is not scrolled to it. */
  go(cell, inPlace = false) {
    if (!cell) return;
    this.isMoving = true;
    if (this.cell) this.cell.td.classList.remove("active");
    this.cell = cell;
    cell.td.classList.add("active");
    cell.td.insertBefore(this.input, cell.td.firstChild);
    this.input.setAttribute("aria-label", `${cell.name} ${cell.row.regionName}`);
    this.reset();
    this.input.focus({ preventScroll: true });
    this.input.select();
    if (!inPlace) reveal(cell.td);
    this.isMoving = false;
    this.on.move(cell);
  }

  /** Show what the cell holds, unless its author is typing. */
  refresh(cell) {
    if (cell !== this.cell || this.mode !== "walk") return;
    this.reset();
    if (document.activeElement === this.input) this.input.select();
  }

  reset() {
    this.mode = "walk";
    this.input.readOnly = this.cell.isLocked;
    this.input.value = this.cell.text;
    this.input.setAttribute("aria-invalid", this.cell.td.getAttribute("aria-invalid") || "false");
  }

  typed() {
    if (this.mode === "walk") this.mode = "over";
  }

  caret() {
    if (this.cell.isLocked) return;
    this.mode = "caret";
    const end = this.input.value.length;
    this.input.setSelectionRange(end, end);
  }

  get isTyping() {
    return this.mode !== "walk";
  }

  /** Whether the clerk may move on: what was typed is on its way, or was nothing new. */
  commit({ isLeaving = false } = {}) {
    if (!this.cell || this.cell.isLocked || this.mode === "walk") return true;
    const { cell } = this;
    const text = this.input.value.trim();
    this.mode = "walk";
    if (text === cell.text) return true;
    const content = cell.read(text);
    if (content.value === null) return this.unexplained(cell, isLeaving);
    this.on.save(cell, content);
    return true;
  }

  /** No progress was typed without its reason. */
  unexplained(cell, isLeaving) {
    this.reset();
    if (isLeaving) return true;
    this.on.why(cell);
    return false;
  }

  moveTo(event, cell) {
    event.preventDefault();
    if (this.commit()) this.go(cell || this.cell);
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const name = event.ctrlKey || event.metaKey ? `Ctrl+${event.key}` : event.altKey ? `Alt+${event.key}` : event.key;
    const known = this.commands(event)[name] || this.steps(event)[event.key];
    if (known) known();
  }

  commands(event) {
    const act = (name) => () => {
      event.preventDefault();
      if (this.commit()) this.on.act(name, this.cell);
    };
    return {
      "Ctrl+s": act("stay"),
      "Ctrl+S": act("stay"),
      "Ctrl+d": act("last"),
      "Ctrl+D": act("last"),
      "Ctrl+Enter": act("submit"),
      "Alt+0": act("none"),
      "Alt+1": act("mine"),
      "Alt+2": act("theirs"),
      F2: () => this.caret(),
      Escape: () => this.escape(event),
      "?": this.mode === "walk" ? act("keys") : undefined,
      "？": this.mode === "walk" ? act("keys") : undefined,
    };
  }

  steps(event) {
    const { cell, sheet } = this;
    const found = {
      Tab: () => this.tab(event),
      Enter: () => this.moveTo(event, sheet.towards(cell, event.shiftKey ? -1 : 1, 0)),
      PageUp: () => this.moveTo(event, sheet.far(cell, -FAR)),
      PageDown: () => this.moveTo(event, sheet.far(cell, FAR)),
    };
    for (const [name, [dy, dx]] of Object.entries(STEPS)) {
      if (this.mode !== "caret" || dx === 0) found[name] = () => this.moveTo(event, sheet.towards(cell, dy, dx));
    }
    if (this.mode !== "caret") {
      found.Home = () => this.moveTo(event, sheet.end(cell, false, event.ctrlKey));
      found.End = () => this.moveTo(event, sheet.end(cell, true, event.ctrlKey));
    }
    return event.altKey ? {} : found;
  }

  /** Tab goes from cell to cell and out of the table at either end. */
  tab(event) {
    const next = this.sheet.next(this.cell, event.shiftKey ? -1 : 1);
    if (next) this.moveTo(event, next);
    else if (!this.commit()) event.preventDefault();
  }

  escape(event) {
    event.preventDefault();
    if (this.mode === "walk") {
      this.on.act("out", this.cell);
      return;
    }
    this.reset();
    this.input.select();
  }

  left() {
    if (!this.isMoving) this.commit({ isLeaving: true });
  }

  pressed(event) {
    const cell = this.sheet.of(event.target);
    if (!cell || !isPlain(event)) return;
    if (cell === this.cell && event.target === this.input) return;
    event.preventDefault();
    if (this.commit()) this.go(cell);
  }

  paste(event) {
    const text = event.clipboardData.getData("text/plain").split("\r\n").join("\n").split("\r").join("\n");
    const block = parse(text);
    if (this.mode === "caret" || (block.length === 1 && block[0].length === 1)) return;
    event.preventDefault();
    const { y, x } = this.sheet.places.get(this.cell);
    const counts = { taken: 0, left: 0 };
    this.mode = "walk";
    block.forEach((row, dy) => row.forEach((each, dx) => this.fill(this.sheet.at(y + dy, x + dx), each, counts)));
    this.reset();
    this.input.select();
    this.on.note(counts);
  }

  /** One cell of a block; an empty one leaves what is there. */
  fill(cell, text, counts) {
    if (text === "") return;
    if (!cell || cell.isLocked) {
      counts.left += 1;
      if (cell) flash(cell.td);
      return;
    }
    counts.taken += 1;
    const content = cell.read(text);
    if (content.value === null) this.on.act("unexplained", cell);
    else this.on.save(cell, content);
  }
}

/** A click that opens a link elsewhere is the browser's. */
function isPlain(event) {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
}

/** Point out for a moment the cell that took nothing. */
function flash(td) {
  td.classList.add("not-taken");
  setTimeout(() => td.classList.remove("not-taken"), 4000);
}

/** Bring the panel below the table into sight, and the cell out from under the fixed head and first column. */
function reveal(td) {
  // Animated scrolling would still be on its way when the next key comes.
  document.querySelector("#grid-panel").scrollIntoView({ block: "nearest", behavior: "instant" });
  td.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
}
