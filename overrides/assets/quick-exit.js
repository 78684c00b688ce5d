// Leaves the site at once, on pages that ask for it. Without this script the same links still lead away.
(() => {
  "use strict";
  const links = document.querySelectorAll("a[data-exit]");
  if (!links.length) return;
  const SECONDS = 5;
  const root = document.documentElement;

  function leave(event) {
    if (event) event.preventDefault();
    // Hidden first: the next page may be slow. Replaced, so that Back does not show this page again.
    root.classList.add("leaving");
    document.title = "Weather";
    location.replace(links[0].href);
  }
  for (const link of links) link.addEventListener("click", leave);

  // Three presses of Shift by itself. Escape is left alone: it stops loading and closes menus.
  let alone = false;
  let presses = [];
  const start_again = () => {
    alone = false;
    presses = [];
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Shift" || event.ctrlKey || event.altKey || event.metaKey) start_again();
    else if (!event.repeat) alone = true;
  });
  document.addEventListener("pointerdown", start_again);
  document.addEventListener("keyup", (event) => {
    if (event.key !== "Shift" || !alone) return;
    alone = false;
    presses = [...presses.filter((time) => event.timeStamp - time < SECONDS * 1000), event.timeStamp];
    if (presses.length >= 3) leave();
  });

  // A browser that kept the hidden page and brings it back must not show an empty one.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) root.classList.remove("leaving");
  });
})();
