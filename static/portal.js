/** Two courtesies on top of plain forms: one click sends once, and leaving a changed form asks first. */

const SECONDS_BEFORE_RETRY = 15;

function setBusy(form, busy) {
  form.setAttribute("aria-busy", String(busy));
  for (const control of form.elements) {
    if (control.type === "submit") control.disabled = busy;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  delete form.dataset.changed;
  form.setAttribute("aria-busy", "true");
  // A disabled button is not sent, so wait until the browser has collected the fields.
  setTimeout(() => setBusy(form, true));
  // The server may never answer; it recognises a repeated form, so trying again is safe.
  setTimeout(() => setBusy(form, false), SECONDS_BEFORE_RETRY * 1000);
});

// The back button may bring the page back as it was left, with its buttons disabled.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[aria-busy]")) setBusy(form, false);
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-ask-before-leaving]");
  if (form) form.dataset.changed = "yes";
});

window.addEventListener("beforeunload", (event) => {
  if (!document.querySelector("form[data-changed]")) return;
  event.preventDefault();
  // Chromium before 119 asks only when this is set.
  event.returnValue = true;
});
