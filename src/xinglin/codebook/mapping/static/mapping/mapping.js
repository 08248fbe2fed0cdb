// The keys of the mapping desk. Whatever a key does, a button or link of the page does too.
// ``typing`` and ``singleKeys`` are those of page.js, which every page loads first.
"use strict";

class XlMapping extends HTMLElement {
  connectedCallback() {
    this.listener = (event) => this.key(event);
    document.addEventListener("keydown", this.listener);
    this.addEventListener("htmx:after:swap", () => this.querySelector("#xl-map-line")?.focus({ preventScroll: true }));
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.listener);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && event.target.matches("#xl-map-typed")) {
      event.target.value = "";
      document.getElementById("xl-map-hits").replaceChildren();
      this.querySelector("#xl-map-line")?.focus();
      return;
    }
    if (typing(event.target)) return;
    const single = event.key.length === 1;
    if (single && !singleKeys()) return;
    const found = this.of(event.key.length === 1 ? event.key.toLowerCase() : event.key, event.target);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input")) found.focus();
    else found.click();
  }

  /** What the key stands for: Enter is the first candidate, unless something else has the focus. */
  of(key, target) {
    if (key === "Enter") return target.closest("a, button, summary") ? null : this.querySelector("[data-first]");
    if (!/^[a-z0-9]$|^Arrow(Up|Down)$/.test(key)) return null;
    return this.querySelector(`[data-key="${key}"], [data-focus="${key}"]`);
  }
}
customElements.define("xl-mapping", XlMapping);
