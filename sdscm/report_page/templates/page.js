"use strict";
// Sort the tables of a page.
(() => {
  const status = document.getElementById("status");

  const compare = {
    number: (a, b) => Number(a) - Number(b),
    text: (a, b) => a.localeCompare(b, "en", { numeric: true }),
  };

  // Rows without a value stay last in both directions; equal rows keep their order.
  function sort(table, head, direction) {
    const place = head.cellIndex;
    const sign = direction === "descending" ? -1 : 1;
    const order = compare[head.dataset.kind];
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [row.cells[place].dataset.value, row]);
    keyed.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * order(a, b);
    });
    body.append(...keyed.map(([, row]) => row));
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
  }

  function press(table, head) {
    const opposite = { ascending: "descending", descending: "ascending" };
    const name = head.querySelector(".name").textContent;
    const direction = opposite[head.getAttribute("aria-sort")] || head.dataset.first;
    sort(table, head, direction);
    status.textContent = `${table.caption.textContent}, sorted by ${name}, ${direction}.`;
  }

  for (const table of document.querySelectorAll("table")) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => press(table, head));
      head.append(button);
    }
  }
})();
