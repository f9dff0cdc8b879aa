/** One cell of the grid: what stands in it, what its author typed, and what has become of that. */

const SYMBOLS = { saved: "✓", saving: "↻", waiting: "↻", refused: "✕", locked: "⊘", conflict: "⇄" };
//: States in which what was typed is not on the server.
const STOPPED = ["refused", "locked", "conflict"];
const UNSAVED = ["saving", "waiting", ...STOPPED];

export const isSame = (one, other) => one.value === other.value && one.reason === other.reason;

export class Cell {
  constructor(td, row, head, words) {
    const { series, entry, version, status, value, reason } = td.dataset;
    Object.assign(this, { td, row, head, words });
    this.series = Number(series);
    this.entry = entry ? Number(entry) : null;
    this.version = version ? Number(version) : null;
    this.status = status || "missing";
    this.isUntouched = td.dataset.untouched !== undefined;
    this.stood = { value: value || "", reason: reason || "" };
    this.content = this.stood;
    this.state = "";
    this.message = "";
    this.returned = td.dataset.returned || "";
    this.warning = td.dataset.warning || "";
    this.lock = td.dataset.lock || "";
    this.link = td.querySelector(".value");
    this.link.tabIndex = -1;
    this.shown = this.link.textContent.trim();
    this.mark = td.querySelector(".state");
    this.fate = this.mark.textContent.trim();
    this.answer = null;
    if (this.warning) this.paint();
  }

  get isLocked() {
    return this.lock !== "";
  }

  get isDerived() {
    return this.td.dataset.derived !== undefined;
  }

  get isUnsaved() {
    return UNSAVED.includes(this.state);
  }

  /** Whether what was typed waits for its author's decision, and nothing of it is on its way. */
  get isStopped() {
    return STOPPED.includes(this.state);
  }

  get isFilled() {
    return this.content.value !== "" || this.content.reason !== "";
  }

  /** Whether it is submitted with the page: complete, evidence apart, and not as it was sent back. */
  get isReady() {
    return !this.isLocked && !this.isUnsaved && this.entry !== null && this.isFilled && !this.isUntouched;
  }

  /** What the input shows: a number, or the mark of no progress with its reason. */
  get text() {
    const { value, reason } = this.content;
    if (this.isDerived) return this.shown === "—" ? "" : this.shown;
    return reason ? `${this.words.wordNoneMark} ${reason}` : value;
  }

  /** What a typed text asks for; a mark of no progress without a reason has an empty one, and `value` is null. */
  read(text) {
    const { wordNone, wordNoneMark } = this.words;
    const mark = ["本期无进展", "无进展", wordNone, "无", wordNoneMark].find((each) => text.startsWith(each));
    if (!mark) return { value: text, reason: "" };
    const reason = text.slice(mark.length).replace(/^[\s：:，,、（(]+|[\s）)]+$/g, "");
    return { value: reason ? "" : null, reason };
  }

  /** The cell as the queue takes it. */
  get asked() {
    const { value, reason } = this.content;
    return {
      series: this.series,
      period: this.period,
      version: this.version,
      value,
      no_progress_reason: reason,
      note: null,
      about: this.about,
    };
  }

  get period() {
    return Number(this.words.period);
  }

  /** What the list of unsent cells says of it when this page is closed. */
  get about() {
    const { row, head } = this;
    return {
      project: row.name,
      project_code: row.code,
      region: row.regionName,
      region_code: row.region,
      indicator: head.name,
      indicator_code: head.code,
      unit: head.unit,
      period: this.words.periodName,
      url: `${window.location.pathname}${window.location.search}#${this.td.id}`,
    };
  }

  get name() {
    return `${this.row.name} · ${this.head.name}（${this.head.unit}）`;
  }

  type(content) {
    this.content = content;
    this.answer = null;
    this.become("saving");
  }

  become(state, message = "") {
    const word = this.words[`word${state.charAt(0).toUpperCase()}${state.slice(1)}`];
    Object.assign(this, { state, message, warning: "", fate: state ? `${SYMBOLS[state]} ${word}` : "" });
    this.paint();
  }

  /** Back to what stands on the server. */
  revert() {
    this.content = this.stood;
    this.answer = null;
    this.become(this.isFilled ? "saved" : "");
  }

  /** Take over the server's answer to what was typed here. */
  take(answer) {
    this.answer = answer;
    if (answer.state === "saved") this.keep(answer);
    else if (answer.state === "discarded") this.revert();
    else this.become(answer.state === "sending" ? "waiting" : answer.state, answer.message || "");
  }

  /** Nobody may type here any more. */
  shut(why) {
    Object.assign(this, { lock: why, state: "", fate: `${SYMBOLS.locked} ${why}` });
    this.td.classList.add("locked");
    this.td.setAttribute("aria-readonly", "true");
    this.paint();
  }

  /** What stands now, whoever typed it. */
  keep(found) {
    const data = this.td.dataset;
    this.stood = { value: found.value, reason: found.no_progress_reason };
    this.content = this.stood;
    this.entry = found.entry || null;
    this.version = found.version;
    this.status = found.status || "missing";
    this.isUntouched = Boolean(found.is_untouched);
    this.shown = found.shown || "—";
    if (found.cumulative !== undefined) data.cumulative = found.cumulative;
    if (found.remaining !== undefined) data.remaining = found.remaining;
    if (found.url) this.link.href = found.url;
    this.become(this.isFilled ? "saved" : "");
    this.warning = found.warning || "";
    this.paint();
  }

  paint() {
    const { state, td } = this;
    td.classList.remove("saved", "saving", "waiting", "refused", "conflict", "stopped");
    if (state) td.classList.add(state === "locked" ? "stopped" : state);
    td.classList.toggle("jumps", this.warning !== "");
    td.setAttribute("aria-invalid", String(state === "refused" || state === "conflict"));
    this.link.textContent = this.face();
    this.mark.textContent = this.warning ? `${this.fate} ▲ ${this.words.wordCheck}` : this.fate;
    td.title = this.said;
  }

  /** The sentence about the cell: why it was not saved, what to look at again, why nobody may type, why it came back. */
  get said() {
    if (this.message) return this.message;
    if (this.warning) return `▲ ${this.warning}`;
    if (this.lock) return this.lock;
    if (this.returned && this.status === "returned") return this.returned;
    return this.content.reason ? `${this.words.wordNone}：${this.content.reason}` : "";
  }

  face() {
    const { value, reason } = this.content;
    if (this.isDerived || isSame(this.content, this.stood)) return this.stood.reason ? this.words.wordNone : this.shown;
    if (reason) return this.words.wordNone;
    return value === "" ? "—" : value;
  }
}
