// The bench: line numbers beside the mapping, marks where it is wrong, and what is wrong under the cursor.
"use strict";

class XlBench extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("#bench-text");
    this.lines = this.querySelector(".xl-bench-lines");
    this.here = this.querySelector("#bench-here");
    this.text.addEventListener("input", () => this.number());
    this.text.addEventListener("scroll", () => this.scroll());
    for (const name of ["keyup", "click", "focus"]) this.text.addEventListener(name, () => this.say());
    this.addEventListener("click", (event) => this.go(event.target.closest("[data-line]")));
    document.addEventListener("htmx:after:swap", () => this.mark());
    this.mark();
  }

  /** Every problem of the text that the server has told. */
  problems() {
    return [...this.querySelectorAll("#bench-result [data-line]")].map((button) => ({
      line: Number(button.dataset.line),
      column: Number(button.dataset.column),
      said: button.querySelector("span").textContent,
    }));
  }

  mark() {
    this.wrong = new Set(this.problems().map((one) => one.line));
    this.number(true);
    this.say();
  }

  number(anew = false) {
    const count = this.text.value.split("\n").length;
    if (!anew && count === this.lines.children.length) return;
    const made = document.createDocumentFragment();
    for (let line = 1; line <= count; line += 1) {
      const item = document.createElement("li");
      item.textContent = String(line);
      if (this.wrong?.has(line)) item.className = "wrong";
      made.append(item);
    }
    this.lines.replaceChildren(made);
    this.scroll();
  }

  scroll() {
    this.lines.scrollTop = this.text.scrollTop;
  }

  /** Where the cursor stands, and what is wrong there. */
  say() {
    const before = this.text.value.slice(0, this.text.selectionStart).split("\n");
    const line = before.length;
    const column = [...before.at(-1)].length + 1;
    const found = this.problems().filter((one) => one.line === line);
    this.here.textContent = `${line}:${column} ${found.map((one) => one.said).join(" ")}`;
    this.here.classList.toggle("wrong", found.length > 0);
  }

  /** Put the cursor where a problem is. */
  go(button) {
    if (!button) return;
    const lines = this.text.value.split("\n");
    const line = Math.min(Number(button.dataset.line), lines.length);
    const characters = [...lines[line - 1]].slice(0, Number(button.dataset.column) - 1).join("").length;
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + characters;
    this.text.focus();
    this.text.setSelectionRange(at, at);
    this.text.scrollTop = (line - 5) * parseFloat(getComputedStyle(this.text).lineHeight);
    this.say();
  }
}
customElements.define("xl-bench", XlBench);
