/**
 * One cell on random walks: typing in two tabs, requests and answers that get lost or come twice and out of order, a
 * colleague at the same entry, refusals, tabs that die, pages older than what is known. Returns the promises of the
 * queue that were broken.
 */
async (seeds) => {
  const { again, answered, isDue, sending, stateOf, thawed, typed, wishOf } = await import("/static/outbox-states.js");
  const broken = [];

  function walk(seed) {
    let state = seed;
    const random = (n) => { state = (state * 1103515245 + 12345) % 2147483648; return Math.floor((state / 2147483648) * n); };
    const chance = (percent) => random(100) < percent;
    let [row, settled, now, typedLast] = [null, null, 0, null];
    const server = { entry: null, isTheirs: false, receipts: new Map(), effects: [] };
    let [note, hadCompany] = [null, false];
    let page = { seenAt: 0, version: null };
    let air = [];
    const promise = (kept, what) => kept || broken.push(`${seed}@${now}: ${what}`);

    function serve(body) {
      const asked = JSON.parse(body);
      const told = server.receipts.get(asked.receipt);
      if (told) {
        promise(told.body === body, "a receipt went out with another body");
        return told.answer;
      }
      if (asked.value === "refuse") return { state: "refused", message: "no" };
      const standing = server.entry ? server.entry.version : null;
      if (standing !== asked.version) {
        promise(server.isTheirs, "the author met himself");
        return { state: "conflict", theirs: { version: standing } };
      }
      server.isTheirs = false;
      server.entry = { version: (standing || 0) + 1, value: asked.value, note: asked.note === null && server.entry ? server.entry.note : asked.note };
      const answer = { state: "saved", version: server.entry.version };
      server.receipts.set(asked.receipt, { body, answer });
      server.effects.push(asked);
      return answer;
    }

    function type() {
      if (chance(30)) page = { seenAt: now, version: server.entry ? server.entry.version : null };
      const value = chance(10) ? "refuse" : `v${now}`;
      typedLast = { value, receipt: `r${now}`, note: chance(30) ? `n${now}` : null };
      if (typedLast.note !== null) note = typedLast.note;
      const cell = { series: 1, period: 2, version: page.version, ...typedLast, no_progress_reason: "" };
      row = typed(row, settled, cell, { receipt: typedLast.receipt, at: now, seenAt: page.seenAt });
    }

    function send() {
      row = sending(row);
      if (!row || !row.sent || !isDue(row)) return;
      const { body, receipt } = row.sent;
      if (chance(20)) return; // The request is lost.
      const answer = serve(body);
      if (chance(60)) air.push({ receipt, answer });
    }

    function hear() {
      const [heard] = air.splice(random(air.length), 1);
      if (!heard) return;
      if (chance(10)) air.push(heard); // Two tabs asked, and both are told.
      const after = answered(row, heard.receipt, heard.answer, now);
      row = after.row;
      settled = after.settled || settled;
    }

    function colleague() {
      server.entry = { version: (server.entry ? server.entry.version : 0) + 1, value: "theirs", note: "" };
      server.isTheirs = true;
      hadCompany = true;
    }

    function insist() {
      if (!row || !row.problem) return;
      typedLast.receipt = `i${now}`;
      row = again(row, { receipt: typedLast.receipt, at: now });
    }

    function turnedAway() {
      const before = row;
      row = sending(row);
      if (!row || !row.sent || before.sent) return;
      const { receipt } = row.sent;
      if (chance(50)) type();
      row = thawed(row, receipt);
    }

    const die = () => { air = []; };

    function check() {
      const effects = server.effects.map((each) => each.receipt);
      promise(new Set(effects).size === effects.length, "a receipt took effect twice");
      if (!typedLast) return;
      const isHeld = row && wishOf(row).receipt === typedLast.receipt && wishOf(row).value === typedLast.value;
      const isAsked = row && row.problem && row.problem.state === "refused";
      promise(!isAsked || typedLast.value === "refuse", "a good cell was held up by a refused one");
      promise(isHeld || effects.includes(typedLast.receipt), `the last cell vanished in ${row ? stateOf(row) : "nothing"}`);
    }

    for (now = 1; now < 60; now += 1) {
      const dice = random(100);
      if (dice < 30) type();
      else if (dice < 60) send();
      else if (dice < 85) hear();
      else if (dice < 87) turnedAway();
      else if (dice < 90) colleague();
      else if (dice < 95) insist();
      else die();
      check();
    }
    settle(); // The network is back for good. The conflict that was heard may not be the last one.
    for (const _ of [1, 2]) {
      if (row && row.problem.state === "conflict") insist();
      settle();
    }
    promise(!row || row.problem.state === "refused", "the queue never came to rest");
    if (row || !typedLast) return;
    promise(server.effects[server.effects.length - 1].value === typedLast.value, "an older value won");
    promise(hadCompany || server.entry.note === note, "a note vanished");

    function settle() {
      for (let turn = 0; row && !row.problem && turn < 10; turn += 1) {
        now += 1;
        row = sending(row);
        const { receipt, body } = row.sent;
        ({ row, settled } = { settled, ...answered(row, receipt, serve(body), now) });
        check();
      }
    }
  }

  for (let seed = 1; seed <= seeds; seed += 1) walk(seed);
  return broken;
}
