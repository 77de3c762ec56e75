"use strict";
// Comfort only: the page says all it has to say without this script.

// Tables sort by a press on a heading; the value of a cell is its data-v, or its words.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") === "descending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
      const rows = [...body.rows].map((row) => [value(row), row]);
      const numeric = rows.every(([text]) => text !== "" && !Number.isNaN(Number(text)));
      rows.sort(([one], [other]) => (numeric ? one - other : one.localeCompare(other, "zh")));
      if (!ascending) rows.reverse();
      body.append(...rows.map(([, row]) => row));
    });
  });
}

// A pointer or the focus on a passage lights up every place that carries its number.
let lit = [];
const light = (event) => {
  const number = event.target.closest?.("[data-p]")?.dataset.p;
  for (const element of lit) element.classList.remove("hot");
  lit = number ? [...document.querySelectorAll(`[data-p="${number}"]`)] : [];
  for (const element of lit) element.classList.add("hot");
};
document.addEventListener("mouseover", light);
document.addEventListener("focusin", light);

// A link into a folded part unfolds it.
const unfold = () => {
  const target = document.getElementById(location.hash.slice(1));
  const folded = target?.closest("details:not([open])");
  if (folded) {
    folded.open = true;
    target.scrollIntoView();
  }
};
window.addEventListener("hashchange", unfold);
unfold();
