// Filter the boards, and unfold the provenance for printing.
(() => {
  const status = document.getElementById("status");
  const tools = document.getElementById("tools");
  const boards = [...document.querySelectorAll("table.filtered")];
  const text = document.getElementById("filter-text");
  const family = document.getElementById("filter-family");
  const columns = document.getElementById("filter-columns");

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
    status.textContent = shown === all ? "" : `${shown} of ${all} rows of the leaderboards shown.`;
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
