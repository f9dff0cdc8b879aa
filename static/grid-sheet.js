/** The table as the clerk moves through it: rows of cells, null where there is no series. */

import { Cell } from "./grid-cell.js";

export class Sheet {
  constructor(table) {
    this.table = table;
    const heads = [...table.tHead.rows[0].cells].slice(1).map((th) => th.dataset);
    this.rows = [...table.tBodies[0].rows].map((tr) =>
      [...tr.cells].slice(1).map((td, column) =>
        td.dataset.series ? new Cell(td, tr.dataset, heads[column], table.dataset) : null
      )
    );
    this.cells = [];
    this.places = new Map();
    this.rows.forEach((row, y) => row.forEach((cell, x) => cell && this.add(cell, y, x)));
  }

  add(cell, y, x) {
    this.cells.push(cell);
    this.places.set(cell, { y, x });
  }

  at(y, x) {
    return (this.rows[y] && this.rows[y][x]) || null;
  }

  ofSeries(series) {
    return this.cells.find((cell) => cell.series === series) || null;
  }

  /** The cell in which an element lies. */
  of(element) {
    const td = element.closest && element.closest("td");
    return this.cells.find((cell) => cell.td === td) || null;
  }

  /** The first cell from here in steps of (y, x), over places that have none; null at the edge. */
  towards(cell, dy, dx) {
    let { y, x } = this.places.get(cell);
    for (;;) {
      y += dy;
      x += dx;
      if (y < 0 || x < 0 || y >= this.rows.length || x >= this.rows[0].length) return null;
      if (this.rows[y][x]) return this.rows[y][x];
    }
  }

  /** The cell so many rows away, or the last there is in that direction. */
  far(cell, rows) {
    let found = cell;
    for (let left = Math.abs(rows); left > 0; left -= 1) found = this.towards(found, Math.sign(rows), 0) || found;
    return found;
  }

  /** The next cell that may be typed into, in reading order; null after the last. */
  next(cell, step) {
    for (let at = this.cells.indexOf(cell) + step; this.cells[at]; at += step) {
      if (!this.cells[at].isLocked) return this.cells[at];
    }
    return null;
  }

  /** The first or last cell of the row, or of the whole table. */
  end(cell, isLast, isWhole) {
    const cells = isWhole ? this.cells : this.rows[this.places.get(cell).y].filter(Boolean);
    return cells[isLast ? cells.length - 1 : 0];
  }

  /** Where to begin: the first cell that still needs something typed. */
  first() {
    const open = this.cells.filter((cell) => !cell.isLocked);
    return open.find((cell) => !cell.isFilled || cell.status === "returned") || open[0] || this.cells[0] || null;
  }
}
