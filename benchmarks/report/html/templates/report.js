"use strict";
(() => {
  const status = document.getElementById("status");
  const tools = document.getElementById("tools");
  const boards = [...document.querySelectorAll("table.filtered")];
  const text = document.getElementById("filter-text");
  const family = document.getElementById("filter-family");
  const columns = document.getElementById("filter-columns");

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
    const direction = opposite[head.getAttribute("aria-sort")] || head.dataset.first;
    sort(table, head, direction);
    say(`${table.caption.textContent}, sorted by ${name(head)}, ${direction}.`);
  }

  function name(head) {
    return head.querySelector(".name").textContent;
  }

  function say(words) {
    status.textContent = words;
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

  function filter() {
    const wanted = text.value.trim().toLocaleLowerCase("en");
    let shown = 0;
    let all = 0;
    for (const table of boards) {
      for (const row of table.tBodies[0].rows) {
        const words = `${row.querySelector(".head").textContent} ${row.dataset.family}`.toLocaleLowerCase("en");
        const hit = words.includes(wanted) && (!family.value || family.value === row.dataset.family);
        row.hidden = !hit;
        shown += hit;
        all += 1;
      }
    }
    say(shown === all ? "" : `${shown} of ${all} rows of the leaderboards shown.`);
  }

  function choose() {
    for (const table of boards) table.dataset.show = columns.value;
  }

  // Paper has no buttons: what is folded away below the provenance is printed.
  const folded = [...document.querySelectorAll("#provenance details")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folded.filter((details) => !details.open);
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });

  text.addEventListener("input", filter);
  family.addEventListener("change", filter);
  columns.addEventListener("change", choose);
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("reset", () => setTimeout(() => { filter(); choose(); }));
  tools.hidden = false;
})();
