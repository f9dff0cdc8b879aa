/** Every typed cell on its way: through the queue to the server, and the server's answer back into the cell. */

import { isSame } from "./grid-cell.js";

export class Saver extends EventTarget {
  constructor(outbox, sheet) {
    super();
    Object.assign(this, { outbox, sheet, words: sheet.table.dataset, latest: new Map(), flights: new Set() });
    outbox.addEventListener("settled", ({ detail }) => this.settled(detail));
  }

  /** What this user's queue held when the page was opened, and what it saved since the page was made. */
  async restore() {
    for (const { cell, answer } of await this.outbox.news()) this.settled({ cell, answer });
    for (const found of await this.outbox.pending()) {
      const cell = this.find(found);
      if (!cell) continue;
      cell.content = { value: found.value, reason: found.no_progress_reason };
      cell.take(found.answer || { state: "waiting" });
      this.changed(cell);
    }
  }

  find({ series, period }) {
    const cell = this.sheet.ofSeries(series);
    return cell && cell.period === period ? cell : null;
  }

  /** Save what was typed; nothing is sent where it is what stands already. */
  async save(cell, content) {
    const isUndone = isSame(content, cell.stood);
    if (isUndone && !cell.isUnsaved) return;
    if (isUndone && cell.isStopped) {
      await this.drop(cell);
      return;
    }
    cell.type(content);
    this.changed(cell);
    await this.wait(cell, this.outbox.put(cell.asked));
  }

  /** What is on its way now; it ends with an answer, or with the cell waiting for the network. */
  get isBusy() {
    return this.flights.size > 0;
  }

  idle() {
    return Promise.all(this.flights);
  }

  /** Insist on what was typed here against what somebody else saved. */
  async insist(cell) {
    cell.become("saving");
    this.changed(cell);
    await this.wait(cell, this.outbox.retry(cell.asked));
  }

  async wait(cell, promise) {
    const mine = cell.content;
    this.latest.set(cell, mine);
    const flight = promise.catch(() => ({ state: "refused", message: this.words.sayFault }));
    this.flights.add(flight);
    const answer = await flight;
    this.flights.delete(flight);
    // Typed again since, or told by the queue already.
    if (this.latest.get(cell) !== mine) return;
    this.latest.delete(cell);
    this.hear(cell, answer);
  }

  /** Take the other's value, or nothing: what was typed here goes. */
  async drop(cell) {
    const { answer } = cell;
    this.latest.delete(cell);
    await this.outbox.discard({ series: cell.series, period: cell.period });
    if (answer && answer.theirs) this.adopt(cell, answer.theirs);
    else cell.revert();
    this.changed(cell);
  }

  adopt(cell, theirs) {
    cell.answer = null;
    cell.keep(theirs);
    if (!theirs.may_change) cell.shut(theirs.status_name);
  }

  settled({ cell: sent, answer }) {
    const cell = this.find(sent);
    if (!cell) return;
    const asked = { value: sent.value, reason: sent.no_progress_reason };
    // Typed since: its own answer will come.
    if (this.latest.has(cell) && !isSame(this.latest.get(cell), asked)) return;
    if (cell.version !== null && answer.version < cell.version) return;
    this.latest.delete(cell);
    cell.content = asked;
    this.hear(cell, answer);
  }

  hear(cell, answer) {
    if (answer.state === "refused" && !answer.message) cell.take({ ...answer, message: this.words.sayFault });
    else cell.take(answer);
    this.changed(cell);
  }

  changed(cell) {
    this.dispatchEvent(new CustomEvent("change", { detail: cell }));
  }
}
