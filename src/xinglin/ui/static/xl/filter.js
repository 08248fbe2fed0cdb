// xl-filter: what is typed leaves of the table below only the rows whose data-find has it; Enter opens the first.
"use strict";

class XlFilter extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.said = this.querySelector("[role=status]");
    this.field.addEventListener("input", () => this.narrow());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.narrow(); // a page that comes back keeps what was typed
  }

  get rows() {
    return [...this.parentElement.querySelectorAll("[data-find]")];
  }

  narrow() {
    const wanted = this.field.value.trim().toLowerCase().split(/\s+/);
    const rows = this.rows;
    for (const row of rows) row.hidden = !wanted.every((word) => row.dataset.find.includes(word));
    for (const group of new Set(rows.map((row) => row.parentElement))) {
      group.hidden = ![...group.children].some((row) => row.dataset.find !== undefined && !row.hidden);
    }
    const shown = rows.filter((row) => !row.hidden).length;
    const { words, none } = this.said.dataset;
    this.said.textContent = !this.field.value.trim()
      ? ""
      : shown
        ? words.replace("{n}", shown).replace("{all}", rows.length)
        : none;
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.field.value.trim()) this.rows.find((row) => !row.hidden)?.querySelector("a")?.click();
    } else if (event.key === "Escape" && this.field.value) {
      event.preventDefault();
      this.field.value = "";
      this.narrow();
    }
  }
}
customElements.define("xl-filter", XlFilter);
