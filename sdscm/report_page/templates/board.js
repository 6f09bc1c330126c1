"use strict";
// Sort, filter and switch the tables of a board, and show what their columns mean.
(() => {
  const opposite = { ascending: "descending", descending: "ascending" };
  const compare = {
    number: (a, b) => Number(a) - Number(b),
    text: (a, b) => a.localeCompare(b, "en", { numeric: true }),
  };

  // Rows without a value stay last in both directions; equal rows keep their order. A column that
  // is best at a nominal value sorts by the distance from it.
  function sort(table, head, direction) {
    const { kind, nominal } = head.dataset;
    const sign = direction === "descending" ? -1 : 1;
    const key = (value) => (nominal === undefined || value === "" ? value : Math.abs(value - nominal));
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [key(row.cells[head.cellIndex].dataset.value), row]);
    keyed.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * compare[kind](a, b);
    });
    body.append(...keyed.map(([, row]) => row));
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
  }

  function sortable(table, status, tip) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => {
        const { first, nominal } = head.dataset;
        const direction = opposite[head.getAttribute("aria-sort")] || first;
        sort(table, head, direction);
        const by = (nominal === undefined ? "" : `distance from ${nominal} of `) + head.querySelector(".name").textContent;
        status.textContent = `${table.caption.textContent}, sorted by ${by}, ${direction}.`;
      });
      if (head.title) {
        tip.of(button, head.title);
        head.removeAttribute("title");
      }
      head.append(button);
    }
  }

  // One box for all definitions. A click shows it, too: a finger does not hover.
  function tooltip(root) {
    const box = document.createElement("div");
    Object.assign(box, { className: "tip", id: `definition-${tooltips++}`, hidden: true });
    box.setAttribute("role", "tooltip");
    root.append(box);
    let owner = null;
    let waiting;
    const place = () => {
      const at = owner.getBoundingClientRect();
      const size = box.getBoundingClientRect();
      const right = document.documentElement.clientWidth - size.width - 8;
      const above = at.bottom + size.height + 8 > innerHeight;
      box.style.left = `${Math.max(8, Math.min(at.left, right))}px`;
      box.style.top = `${above ? at.top - size.height - 6 : at.bottom + 6}px`;
    };
    const show = (button, text) => {
      clearTimeout(waiting);
      owner = button;
      box.textContent = text;
      box.hidden = false;
      button.setAttribute("aria-describedby", box.id);
      place();
    };
    const hide = () => {
      clearTimeout(waiting);
      owner?.removeAttribute("aria-describedby");
      owner = null;
      box.hidden = true;
    };
    // The pointer may move onto the box, to read it or to copy from it.
    const leave = () => { waiting = setTimeout(hide, 200); };
    box.addEventListener("mouseenter", () => clearTimeout(waiting));
    box.addEventListener("mouseleave", leave);
    addEventListener("scroll", () => { if (owner) place(); }, { capture: true, passive: true });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
    return {
      of(button, text) {
        for (const event of ["mouseenter", "focus", "click"]) button.addEventListener(event, () => show(button, text));
        button.addEventListener("mouseleave", leave);
        button.addEventListener("blur", hide);
      },
    };
  }

  function tools(root, form, status) {
    const boards = [...root.querySelectorAll("table.filtered")];
    const parts = [...root.querySelectorAll("[data-place]")].map((part) => [part, JSON.parse(part.dataset.place)]);
    const choices = [...form.querySelectorAll("select[data-by]")];
    const text = form.querySelector("[name=method]");
    const family = form.querySelector("[name=family]");
    const columns = form.querySelector("[name=columns]");

    function choose() {
      for (const [part, place] of parts) {
        const fits = ({ dataset: { by }, value }) => !value || !(by in place) || place[by] === value;
        part.classList.toggle("off", !choices.every(fits));
      }
      for (const table of boards) table.dataset.show = columns ? columns.value : "key";
      filter();
    }

    function filter() {
      const wanted = text.value.trim().toLocaleLowerCase("en");
      let shown = 0;
      let all = 0;
      for (const table of boards) {
        const counted = !table.closest(".off");
        for (const row of table.tBodies[0].rows) {
          const words = `${row.querySelector(".head").textContent} ${row.dataset.family}`.toLocaleLowerCase("en");
          const hit = words.includes(wanted) && (!family.value || family.value === row.dataset.family);
          row.hidden = !hit;
          shown += hit && counted;
          all += counted;
        }
      }
      status.textContent = !all ? "There is no board of this choice." : shown === all ? "" : `${shown} of ${all} rows of the leaderboards shown.`;
    }

    // A link may lead to a board that the choices hide.
    function reveal() {
      const found = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("[data-place]");
      if (!found || !root.contains(found)) return;
      const place = JSON.parse(found.dataset.place);
      for (const choice of choices) if (choice.dataset.by in place) choice.value = place[choice.dataset.by];
      choose();
      found.scrollIntoView();
    }

    for (const choice of choices) choice.addEventListener("change", choose);
    text.addEventListener("input", filter);
    family.addEventListener("change", filter);
    columns?.addEventListener("change", choose);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => {
      const kept = choices.map((choice) => choice.value);
      setTimeout(() => {
        choices.forEach((choice, place) => { choice.value = kept[place]; });
        choose();
      });
    });
    addEventListener("hashchange", reveal);
    form.hidden = false;
    choose();
    reveal();
  }

  let tooltips = 0;

  function start() {
    for (const root of document.querySelectorAll(".sdscm-board:not([data-ready])")) {
      root.dataset.ready = "";
      let status = root.querySelector("[role=status]");
      if (!status) {
        status = document.createElement("p");
        status.className = "unseen";
        status.setAttribute("role", "status");
        root.append(status);
      }
      const tip = tooltip(root);
      for (const table of root.querySelectorAll("table")) sortable(table, status, tip);
      const form = root.querySelector("form.tools");
      if (form) tools(root, form, status);
    }
  }

  // Material for MkDocs can replace a page without loading it.
  if (window.document$) window.document$.subscribe(start);
  else start();
})();
