/** What stands beside the cell in which the clerk is, and what else may be done there than typing a number. */

export class Panel {
  constructor(place, words, act) {
    Object.assign(this, { place, words, act, cell: null });
    this.why = place.querySelector("[data-why]");
    this.reason = this.why.querySelector("input");
    this.live = document.querySelector("#grid-live");
    place.hidden = false;
    place.addEventListener("click", (event) => this.clicked(event));
    this.why.addEventListener("submit", (event) => this.given(event));
    this.why.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
    });
  }

  /** The cell in which the clerk is now. */
  show(cell) {
    if (cell !== this.cell) {
      this.why.hidden = true;
      this.put("note", "");
    }
    this.cell = cell;
    const { cumulative, remaining, lastShown, lastPeriod } = cell.td.dataset;
    this.put("name", cell.name);
    this.put("region", cell.row.regionName);
    this.put("last", lastShown ? `${lastShown}（${lastPeriod}）` : "—");
    this.put("cumulative", cumulative);
    this.put("remaining", remaining);
    this.put("said", cell.said);
    this.part("said").className = `said ${cell.state}`;
    this.place.querySelector("[data-link]").href = cell.link.href;
    this.showChoices(cell);
  }

  showChoices(cell) {
    const theirs = cell.state === "conflict" && cell.answer && cell.answer.theirs;
    this.place.querySelector("[data-conflict]").hidden = !theirs;
    if (theirs) {
      this.put("mine", cell.content.reason || cell.content.value || "—");
      this.put("theirs", theirs.no_progress_reason || theirs.value || "—");
      this.put("whose", theirs.by ? `（${theirs.by} ${theirs.at}）` : "");
      this.button("mine").disabled = theirs.may_change === false;
    }
    this.button("undo").hidden = theirs || !cell.isStopped;
    this.button("last").disabled = cell.isLocked || !cell.td.dataset.last;
    this.button("none").disabled = cell.isLocked;
  }

  part(name) {
    return this.place.querySelector(`[data-text="${name}"]`);
  }

  put(name, text) {
    this.part(name).textContent = text;
    this.part(name).hidden = text === "";
  }

  button(name) {
    return this.place.querySelector(`[data-do="${name}"]`);
  }

  clicked(event) {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.do === "leave") this.leave();
    else this.act(button.dataset.do, this.cell);
  }

  /** Ask for the reason why there was no progress. */
  ask(cell) {
    this.show(cell);
    this.why.hidden = false;
    this.reason.value = cell.content.reason;
    this.reason.focus();
    this.say(this.words.sayWhy);
  }

  given(event) {
    event.preventDefault();
    const reason = this.reason.value.trim();
    if (!reason) return;
    this.why.hidden = true;
    this.act("reason", this.cell, reason);
  }

  leave() {
    this.why.hidden = true;
    this.act("back", this.cell);
  }

  /** Tell it to those who do not see the cell, and on the panel. */
  say(text) {
    this.live.textContent = "";
    // A text said twice is read twice only when it went away in between.
    setTimeout(() => {
      this.live.textContent = text;
    }, 50);
  }

  /** Say it where everybody sees it, until the next cell. */
  note(text) {
    this.put("note", text);
    this.say(text);
  }
}
