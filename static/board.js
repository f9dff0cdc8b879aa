/** Under a split: what the typed parts come to, and how far that is from the whole. The server has the last word. */

const SCALE = 4;

/** Ten-thousandths as an exact whole number; null for what is blank or no such number. */
function exact(text) {
  const found = /^(\d*)(?:\.(\d*))?$/.exec(text.trim().replace(/,/g, ""));
  if (!found || (found[1] === "" && !found[2])) return null;
  const digits = (found[2] || "").replace(/0+$/, "");
  return digits.length > SCALE ? null : BigInt(`${found[1] || 0}${digits.padEnd(SCALE, "0")}`);
}

function shown(amount) {
  const digits = amount.toString().padStart(SCALE + 1, "0");
  const whole = digits.slice(0, -SCALE).replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = digits.slice(-SCALE).replace(/0{1,2}$/, "");
  return `${whole}.${rest}`;
}

function tell(table) {
  const line = table.querySelector("[data-sum]");
  const typed = Array.from(table.querySelectorAll('tbody input[type="text"]')).map((input) => exact(input.value));
  const sum = typed.reduce((found, amount) => (amount === null ? found : found + amount), 0n);
  const left = exact(table.dataset.whole) - sum;
  const words = left === 0n ? table.dataset.full : left > 0n ? table.dataset.words : table.dataset.over;
  line.textContent = words.replace("{sum}", shown(sum)).replace("{left}", shown(left < 0n ? -left : left));
}

for (const table of document.querySelectorAll("[data-board]")) {
  // An amount that is typed takes the task on; whoever means otherwise unticks it.
  table.addEventListener("input", (event) => {
    const tick = event.target.closest("tr").querySelector('input[type="checkbox"]');
    if (tick && event.target.type === "text") tick.checked = event.target.value.trim() !== "";
    tell(table);
  });
  tell(table);
}
