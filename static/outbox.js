/**
 * The way of every typed cell to the server: kept on this machine first, then sent with its receipt until answered.
 *
 * Events: "change" when the queue changed, here or in another tab; "settled" with {cell, answer} when a cell got its
 * final answer; "link" when `link` changed, which is ok, unreachable, signed_out or other_user.
 */

import { again, answered, cellOf, isDue, sending, slotOf, stateOf, thawed, typed, wishOf } from "./outbox-states.js";
import { Store } from "./outbox-store.js";
import { isFinal, Wire } from "./outbox-wire.js";

//: Milliseconds between attempts while something waits: the first, and the longest after failures in a row.
const PAUSE = 30000;
const LONGEST_PAUSE = 300000;

export class Outbox extends EventTarget {
  /** `seenAt` is when the page's figures were asked for, by this machine's clock. */
  constructor({ user, url, csrf, session = document.body.dataset.session, seenAt = pageSeenAt() }) {
    super();
    Object.assign(this, { name: `portal-outbox-${user}`, seenAt, link: "ok", running: null, onceMore: false });
    this.store = new Store(user);
    this.wire = new Wire({ user, url, csrf, session });
    this.pause = PAUSE;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.dispatchEvent(new CustomEvent(data.type, { detail: data.detail }));
  }

  /** Keep the cell, send it, and tell its answer; {state: "waiting"} while there is none. */
  async put(cell) {
    const at = Date.now();
    const mark = { receipt: newReceipt(), at, seenAt: this.seenAt };
    try {
      await this.store.change(slotOf(cell), (row, settled) => ({ row: typed(row, settled, cell, mark) }));
    } catch (broken) {
      return this.straight(cell, mark);
    }
    this.tell("change");
    this.pause = PAUSE;
    await this.sync();
    return this.standing(slotOf(cell), at);
  }

  /** The cells of this user that the server has not saved, in the order they were typed. */
  async pending() {
    return (await this.store.rows()).map(cellOf);
  }

  /** Those of them that wait for their author's decision, each with the server's `answer`. */
  async refused() {
    return (await this.pending()).filter((cell) => cell.answer);
  }

  /** {cell, answer} of what was saved after this page was asked for, which it cannot show by itself. */
  async news() {
    return (await this.store.all("settled")).filter((each) => each.at > this.seenAt);
  }

  /** Drop a cell by its author's decision, unless it has changed since he looked. */
  async discard(cell) {
    const isSame = (row) => !cell.receipt || wishOf(row).receipt === cell.receipt;
    await this.store.change(slotOf(cell), (row) => ({ row: row && !isSame(row) ? row : null }));
    this.tell("change");
  }

  /** Ask once more for what was refused, or insist on a value that met another's. */
  async retry(cell) {
    const mark = { receipt: newReceipt(), at: Date.now() };
    await this.store.change(slotOf(cell), (row) => ({ row: again(row, mark) }));
    this.tell("change");
    await this.sync();
    return this.standing(slotOf(cell), mark.at);
  }

  /** Send all that is due, one after the other; joins a round that is under way. */
  sync() {
    if (this.running) this.onceMore = true;
    else this.running = this.rounds();
    return this.running;
  }

  async rounds() {
    clearTimeout(this.timer);
    try {
      do {
        this.onceMore = false;
        await alone(this.name, () => this.round());
      } while (this.onceMore && this.link === "ok");
    } finally {
      this.running = null;
      await this.rest();
    }
  }

  async round() {
    // A cell whose request is known to lead nowhere is not frozen: it may still be typed over.
    if ((this.link !== "ok" || !navigator.onLine) && (await this.check()) !== "ok") return;
    const tried = new Set();
    for (;;) {
      const due = (await this.store.rows()).find((row) => isDue(row) && !tried.has(nextOf(row).receipt));
      if (!due) return;
      const { row } = await this.store.change(due.slot, (found) => ({ row: sending(found) }));
      if (row && row.sent && !(await this.deliver(row, !due.sent))) return;
      tried.add(nextOf(due).receipt);
    }
  }

  /** Send one cell, and tell whether the next may follow. */
  async deliver({ slot, sent }, isFirst) {
    const answer = await this.wire.send(sent.body);
    this.noteLink(isFinal(answer) ? "ok" : answer.state);
    if (!isFinal(answer)) {
      const isAtDoor = isFirst && answer.state !== "unreachable";
      if (isAtDoor) await this.store.change(slot, (row) => ({ row: thawed(row, sent.receipt) }));
      this.tell("change");
      // A fault of the server in one cell does not hold up the others.
      return answer.code === "fault";
    }
    let before = null;
    const { row } = await this.store.change(slot, (found) => {
      before = found;
      return answered(found, sent.receipt, answer, Date.now());
    });
    const isNews = before && before.sent && before.sent.receipt === sent.receipt && !(row && isDue(row));
    if (isNews) this.tell("settled", { cell: cellOf(row || before), answer });
    this.tell("change");
    return true;
  }

  /** Wait before the next attempt, longer after each that failed. */
  async rest() {
    clearTimeout(this.timer);
    if (this.link === "ok") this.pause = PAUSE;
    if (!(await this.store.rows()).some(isDue)) return;
    this.timer = setTimeout(() => this.sync().catch(() => {}), this.pause);
    if (this.link !== "ok") this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  /** Whether the server answers and knows this user; for a page that has nothing to send. */
  async check() {
    const { state } = await this.wire.renew();
    this.noteLink(state);
    return state;
  }

  noteLink(state) {
    if (state === this.link) return;
    this.link = state;
    this.dispatchEvent(new CustomEvent("link"));
  }

  async standing(slot, since) {
    const { row, settled } = await this.store.look(slot);
    if (row) return row.problem || { state: "waiting", step: stateOf(row), link: this.link };
    return settled && settled.at >= since ? settled.answer : { state: "discarded" };
  }

  /** The disk takes nothing, so the cell is either saved by the server now or its author must be told. */
  async straight(cell, mark) {
    const row = sending(typed(null, null, cell, mark));
    const answer = await this.wire.send(row.sent.body);
    const { notStored } = document.body.dataset;
    return isFinal(answer) ? answer : { state: "refused", code: "not_stored", message: notStored };
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
    this.channel.postMessage({ type, detail });
  }
}

/** What of a row goes next: the body that was sent before, then what was typed since. */
const nextOf = (row) => row.sent || row.draft;

/** When the figures on this page were asked for: a page kept for use without network says so itself. */
function pageSeenAt() {
  return Number(document.body.dataset.keptAt) || performance.timeOrigin;
}

/** One tab at a time where the browser can tell; elsewhere two may send the same receipt, which has one effect. */
function alone(name, act) {
  return navigator.locks ? navigator.locks.request(name, act) : act();
}

/** A random UUID; crypto.randomUUID is missing before Chromium 92 and over plain HTTP. */
export function newReceipt() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
