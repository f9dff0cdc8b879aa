/**
 * What may happen to one cell that was typed: docs/adr/0007-offline-queue.md draws it.
 *
 * A row stands for one slot (a series in a period) and holds at most two contents: `sent`, frozen as the body that may
 * already have reached the server, and `draft`, typed since and never sent. `base` is the version of the entry that the
 * draft builds on, null for no entry yet. `problem` is the answer that stopped the row until its author decides.
 *
 * Every function here is pure: rows go in, rows come out, and the store keeps what comes out in one transaction.
 */

export const slotOf = ({ series, period }) => `${series}/${period}`;

/** What the author last asked for. */
export const wishOf = (row) => row.draft || row.sent;

export const isDue = (row) => !row.problem;

/** waiting: never sent; sending: sent, no answer yet; else the state of the answer that stopped it. */
export function stateOf(row) {
  if (row.problem) return row.problem.state;
  return row.sent ? "sending" : "waiting";
}

/** The row after its author typed; `settled` is the last answer to this slot, `seenAt` when the page was asked for. */
export function typed(row, settled, cell, { receipt, at, seenAt }) {
  const earlier = row ? row.draft : null;
  return {
    slot: slotOf(cell),
    series: cell.series,
    period: cell.period,
    about: { ...(row ? row.about : {}), ...cell.about },
    base: baseOf(row, settled, cell.version, seenAt),
    draft: over(earlier, {
      receipt,
      typed_at: at,
      value: cell.value,
      no_progress_reason: cell.no_progress_reason || "",
      note: cell.note === undefined ? null : cell.note,
    }),
    sent: row ? row.sent : null,
    problem: null,
  };
}

/** A note that is null leaves the note as it is, so what was typed before and not saved goes with it. */
function over(earlier, later) {
  return later.note === null && earlier ? { ...later, note: earlier.note } : later;
}

/**
 * A row keeps the version it began with: a page opened since shows the row's own text in the cell, so its author has
 * not seen what stands there now. Only a conflict shows it. A page older than our last answer does not know the version
 * that the answer made.
 */
function baseOf(row, settled, version, seenAt) {
  if (row && row.problem && row.problem.state === "conflict") {
    const { theirs, at } = row.problem;
    return seenAt > at ? version : (theirs && theirs.version) || null;
  }
  if (row) return row.base;
  return settled && settled.at > seenAt ? Math.max(settled.answer.version, version || 0) : version;
}

/** The row on its way: the draft becomes a body that is never changed again; one that was sent before stays first. */
export function sending(row) {
  if (!row || row.sent || row.problem) return row;
  const { receipt, value, no_progress_reason, note } = row.draft;
  const asked = { receipt, series: row.series, period: row.period, version: row.base, value, no_progress_reason, note };
  return { ...row, draft: null, sent: { ...row.draft, body: JSON.stringify(asked) } };
}

/** The row whose first request was turned away at the door, for want of a session: it was never on its way. */
export function thawed(row, receipt) {
  if (!row || !row.sent || row.sent.receipt !== receipt) return row;
  const { body, ...content } = row.sent;
  return { ...row, sent: null, draft: row.draft ? over(content, row.draft) : content };
}

/**
 * {row, settled} after the answer to `receipt`; the row is null when nothing of it is left to do.
 *
 * An answer to a receipt that is no longer waited for was heard by another tab first, and changes nothing.
 */
export function answered(row, receipt, answer, at) {
  if (!row || !row.sent || row.sent.receipt !== receipt) return { row };
  const rest = { ...row, sent: null };
  if (answer.state === "saved") {
    const settled = { slot: row.slot, receipt, at, cell: cellOf({ ...row, draft: null }), answer };
    return { row: row.draft ? { ...rest, base: answer.version } : null, settled };
  }
  const { body, ...content } = row.sent;
  const draft = row.draft ? over(content, row.draft) : content;
  // Nothing was saved. What was typed since may be better; a stale version would be stale again.
  const goesOn = row.draft && answer.state !== "conflict";
  return { row: { ...rest, draft, problem: goesOn ? null : { ...answer, at } } };
}

/** The row once more as it is: against the version of the other's value if there was a conflict. */
export function again(row, { receipt, at }) {
  if (!row || !row.problem) return row;
  const base = baseOf(row, null, row.base, 0);
  return { ...row, base, draft: { ...row.draft, receipt, typed_at: at }, problem: null };
}

/** The row as the cell that its page knows. */
export function cellOf(row) {
  const { receipt, typed_at, value, no_progress_reason, note } = wishOf(row);
  const cell = { receipt, series: row.series, period: row.period, version: row.base, value, no_progress_reason, note };
  return { ...cell, typed_at, about: row.about, state: stateOf(row), answer: row.problem };
}
