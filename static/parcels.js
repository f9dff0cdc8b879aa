/** Beside the areas by use: what they come to, and how far that is from the surveyed area. The server has the last word. */

const uses = document.querySelector("[data-uses]");
const total = document.getElementById("id_surveyed_area");
const line = uses && uses.querySelector("[data-sum]");

/** Hundredths of a 亩 as an exact whole number; null for what is blank or no such number. */
function hundredths(text) {
  const plain = text.trim().replace(/,/g, "");
  const found = /^(\d*)(?:\.(\d{0,2}))?$/.exec(plain);
  if (!found || plain === "" || plain === ".") return null;
  return BigInt(`${found[1] || 0}${(found[2] || "").padEnd(2, "0")}`);
}

function shown(amount) {
  const digits = amount.toString().padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${whole}.${digits.slice(-2)}`;
}

function tell() {
  const areas = Array.from(uses.querySelectorAll("input")).map((input) => hundredths(input.value));
  const typed = areas.filter((area) => area !== null);
  const surveyed = hundredths(total.value);
  const sum = typed.reduce((found, area) => found + area, 0n);
  const gap = surveyed === null ? 0n : surveyed - sum;
  const words = gap === 0n ? line.dataset.words : line.dataset.gap;
  const said = words.replace("{sum}", shown(sum)).replace("{gap}", shown(gap < 0n ? -gap : gap));
  line.textContent = typed.length ? said : "";
}

if (line) {
  uses.addEventListener("input", tell);
  total.addEventListener("input", tell);
  tell();
}
