// Small helps for a page that is whole without them. Nothing is stored and nothing is sent.
(() => {
  "use strict";
  // A copy that has grown old says so: compare the printed date with the reader's own clock.
  const checked = document.querySelector("[data-check-again]");
  const past = document.querySelector(".past-check");
  if (checked && past) {
    const now = new Date();
    const two = (n) => String(n).padStart(2, "0");
    const today = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
    past.hidden = today <= checked.dataset.checkAgain;
  }

  const menu = document.querySelector(".menu");
  document.addEventListener("keydown", (event) => {
    // In the text Escape closes the meaning of a word, and the focus stays where it is.
    const inText = document.activeElement.closest("main");
    if (event.key === "Escape" && menu && menu.open && !inText) {
      menu.open = false;
      menu.firstElementChild.focus();
    }
  });

  const print = document.querySelector(".print-button");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  // Paper has no closed sections.
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("main details")) part.open = true;
  });
})();
