/** Conveniences of a list: one menu open at a time, Escape shuts it, and a page to be printed opens the dialogue. */

function shut(menu) {
  menu.open = false;
}

function openMenus() {
  return [...document.querySelectorAll("details.menu[open]")];
}

document.addEventListener(
  "toggle",
  (event) => {
    const opened = event.target;
    if (opened.matches("details.menu[open]")) openMenus().filter((menu) => menu !== opened).forEach(shut);
  },
  // A menu's own event does not bubble.
  true,
);

document.addEventListener("click", (event) => {
  const inside = event.target.closest("details.menu");
  openMenus().filter((menu) => menu !== inside).forEach(shut);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    shut(menu);
    menu.querySelector("summary").focus();
  }
});

if (document.querySelector("[data-print]")) window.addEventListener("load", () => window.print());
