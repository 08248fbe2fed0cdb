// Working through the queue by keyboard: J and K in the list, one letter for a verdict, one figure for a reason.
"use strict";

const letters = () => !document.cookie.includes("xl-single-keys=off");
const writing = (target) => target.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])");
const plain = (event) => letters() && !event.ctrlKey && !event.altKey && !event.metaKey && !writing(event.target) && !document.querySelector("dialog[open]");

/** The list of questions: J to the next row, K to the one before; Enter follows the link as always. */
class XlQueue extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.stop.signal });
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  key(event) {
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (!step || !plain(event)) return;
    const links = [...this.querySelectorAll("tbody th a")];
    const at = links.indexOf(document.activeElement);
    event.preventDefault();
    links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  }
}
customElements.define("xl-queue", XlQueue);

/** One question: a letter chooses the verdict, a figure the reason, then the words are typed and Enter sends. */
class XlReview extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.stop.signal });
    this.addEventListener("change", () => this.show());
    this.show();
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  key(event) {
    if (!plain(event)) return;
    const key = event.key.toLowerCase();
    const target = /^[a-z]$/.test(key)
      ? this.querySelector(`[data-key="${key}"]`)
      : /^[0-9]$/.test(key) && this.querySelector(`[data-digit="${key}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.tagName === "BUTTON") {
      target.click();
      return;
    }
    target.checked = true;
    target.dispatchEvent(new Event("change", { bubbles: true }));
    if (target.name === "reason") this.querySelector("#note").focus();
    else target.focus();
  }

  /** What belongs to one verdict alone is shown with it: which person is the same, which Patients are taken out. */
  show() {
    const chosen = this.querySelector("input[name=verdict]:checked")?.value;
    for (const part of this.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== chosen;
  }
}
customElements.define("xl-review", XlReview);
