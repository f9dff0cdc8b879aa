/** A block of cells as spreadsheets put it on the clipboard: tabs between cells, line breaks between rows. */

/** Rows of texts; a cell in quotes may hold tabs, line breaks and doubled quotes. */
export function parse(text) {
  const rows = [[]];
  let at = 0;
  while (at <= text.length) {
    const [cell, end] = text[at] === '"' ? quoted(text, at) : plain(text, at);
    rows[rows.length - 1].push(cell.trim());
    if (text[end] === "\n") rows.push([]);
    at = end + 1;
  }
  // Spreadsheets end the last row with a line break too.
  const last = rows[rows.length - 1];
  if (rows.length > 1 && last.length === 1 && last[0] === "") rows.pop();
  return rows;
}

function plain(text, from) {
  let end = from;
  while (end < text.length && text[end] !== "\t" && text[end] !== "\n") end += 1;
  return [text.slice(from, end), end];
}

function quoted(text, from) {
  let end = from + 1;
  while (end < text.length && (text[end] !== '"' || text[end + 1] === '"')) end += text[end] === '"' ? 2 : 1;
  const cell = text.slice(from + 1, end).split('""').join('"');
  const rest = plain(text, end + 1);
  return [cell + rest[0], rest[1]];
}
