/** Where the queue lies: one IndexedDB of its own for each user, who alone opens it. */

const STORES = ["cells", "settled"];
//: Answers are remembered for as long as a page kept for use without network may be older than they are.
const REMEMBERED = 60 * 24 * 3600 * 1000;

export class Store {
  constructor(user) {
    this.name = `portal-outbox-${user}`;
    this.opened = null;
  }

  open() {
    if (!this.opened) {
      this.opened = opening(this.name, () => { this.opened = null; });
      this.opened.catch(() => { this.opened = null; });
    }
    return this.opened;
  }

  /** Replace one row by what the pure `step` makes of it and of the last answer, in one transaction of all tabs. */
  change(slot, step) {
    return this.deal("readwrite", (deal) => {
      const [cells, settled] = STORES.map((name) => deal.objectStore(name));
      const [row, last] = [cells.get(slot), settled.get(slot)];
      // Requests of a transaction are answered in order.
      last.onsuccess = () => {
        deal.result = step(row.result || null, last.result || null);
        if (deal.result.row) cells.put(deal.result.row);
        else cells.delete(slot);
        if (deal.result.settled) settled.put(deal.result.settled);
      };
    });
  }

  /** One slot's row and last answer, each null if there is none. */
  look(slot) {
    return this.deal("readonly", (deal) => {
      const [row, last] = STORES.map((name) => deal.objectStore(name).get(slot));
      last.onsuccess = () => { deal.result = { row: row.result || null, settled: last.result || null }; };
    });
  }

  /** Every row, the one typed first before the others. */
  async rows() {
    const rows = await this.all("cells");
    const typedAt = (row) => (row.sent || row.draft).typed_at;
    return rows.sort((one, other) => typedAt(one) - typedAt(other));
  }

  all(name) {
    return this.deal("readonly", (deal) => {
      const found = deal.objectStore(name).getAll();
      found.onsuccess = () => { deal.result = found.result; };
    });
  }

  forget(now) {
    return this.deal("readwrite", (deal) => {
      const cursor = deal.objectStore("settled").openCursor();
      cursor.onsuccess = () => {
        if (!cursor.result) return;
        if (cursor.result.value.at < now - REMEMBERED) cursor.result.delete();
        cursor.result.continue();
      };
    });
  }

  /** The `result` that `act` left on the transaction, once the disk has it. */
  async deal(mode, act) {
    const database = await this.open();
    return new Promise((resolve, reject) => {
      const deal = database.transaction(STORES, mode, { durability: "strict" });
      deal.oncomplete = () => resolve(deal.result);
      deal.onabort = () => reject(deal.error || new Error("The transaction was given up."));
      act(deal);
    });
  }
}

function opening(name, closed) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store, { keyPath: "slot" });
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("Another tab holds an older queue."));
    request.onsuccess = () => {
      const database = request.result;
      const shut = () => { database.close(); closed(); };
      // A newer page may change the layout; the browser may clear the site.
      database.onversionchange = shut;
      database.onclose = closed;
      resolve(database);
    };
  });
}
