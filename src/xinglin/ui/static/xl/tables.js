// Wide tables to the reader's taste: which columns are seen, kept for this reader in this browser, and the rows that
// are seen as text for the clipboard. For a table with data-xl-table, the name under which its columns are kept.
"use strict";

{
  const template = document.getElementById("xl-table-tools");
  const account = document.getElementById("xl-ended")?.dataset.account ?? "";
  const place = (table) => `xl-columns:${account}:${table.dataset.xlTable}`;
  const heads = (table) => [...table.tHead.rows[0].cells];
  const seen = (cell) => !cell.hidden && !cell.closest("[hidden]");

  function read(table) {
    try {
      return new Set(JSON.parse(localStorage.getItem(place(table)) ?? "[]"));
    } catch {
      return new Set(); // no store, or another's words in it
    }
  }

  /** Hide the columns of these names; a cell that spans several columns stays. */
  function show(table, without) {
    heads(table).forEach((head, column) => {
      const hidden = column > 0 && without.has(head.textContent.trim());
      for (const row of table.rows) {
        const whole = row.cells.length === heads(table).length;
        if (whole) row.cells[column].hidden = hidden;
      }
    });
  }

  /** What is seen, a line a row, tabs between: as sheets of calculation take it. */
  function text(table) {
    const rows = [...table.rows].filter((row) => seen(row));
    const cells = (row) => [...row.cells].filter(seen).map((cell) => cell.innerText.replace(/\s+/g, " ").trim());
    return rows.map((row) => cells(row).join("\t")).join("\n");
  }

  /** Without a secure line browsers have no clipboard for scripts; then what is selected is copied. */
  async function copy(words) {
    if (navigator.clipboard) return navigator.clipboard.writeText(words);
    const box = document.createElement("textarea");
    box.value = words;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    return undefined;
  }

  function choice(table, head, without) {
    const label = document.createElement("label");
    label.className = "form-check";
    const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input" });
    const name = head.textContent.trim();
    box.checked = !without.has(name);
    box.addEventListener("change", () => {
      if (box.checked) without.delete(name);
      else without.add(name);
      localStorage.setItem(place(table), JSON.stringify([...without]));
      show(table, without);
    });
    label.append(box, ` ${name}`);
    return label;
  }

  function furnish(table) {
    const header = table.closest(".xl-card")?.querySelector(":scope > header");
    if (!header || !table.tHead || table.dataset.xlFurnished) return;
    table.dataset.xlFurnished = "yes";
    const without = read(table);
    const tools = template.content.firstElementChild.cloneNode(true);
    const list = tools.querySelector(".xl-columns");
    for (const head of heads(table).slice(1)) if (head.textContent.trim()) list.append(choice(table, head, without));
    tools.querySelector("[data-table=copy]").addEventListener("click", async () => {
      await copy(text(table));
      tools.querySelector("[role=status]").hidden = false;
    });
    header.append(tools);
    show(table, without);
  }

  const furnishAll = (root) => root.querySelectorAll("table[data-xl-table]").forEach(furnish);
  furnishAll(document);
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target?.isConnected) furnishAll(event.detail.ctx.target);
  });
}
