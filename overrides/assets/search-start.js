// Wakes the search when somebody turns to it. Who only reads the list from A to Z fetches none of it.
const box = document.querySelector("[data-search]");
const field = box.querySelector("input");
let asked = null;

function wake() {
  asked ??= import("./search.js").then(
    ({ startSearch }) => startSearch(box),
    () => {
      asked = null; // offline, perhaps: the next key tries again
      if (field.value.trim()) box.querySelector("[role=status]").textContent = box.dataset.failed;
    },
  );
}

field.addEventListener("focus", wake);
field.addEventListener("input", wake);
field.disabled = false;
