// The tree: branches are fetched when they are opened; walked by keys as WAI-ARIA's tree pattern has it.
"use strict";

const PAUSE = 700; // milliseconds after which letters begin a new word

class XlTree extends HTMLElement {
  connectedCallback() {
    this.word = "";
    this.typed = 0;
    const at = this.dataset.at;
    const first = (at && this.querySelector(`[data-key="${CSS.escape(at)}"]`)) || this.querySelector("[role=treeitem]");
    if (first) {
      first.tabIndex = 0;
      if (at) {
        first.setAttribute("aria-selected", "true");
        first.scrollIntoView({ block: "center" });
      }
    }
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("click", (event) => this.click(event));
    this.addEventListener("focusin", (event) => {
      const item = event.target.closest("[role=treeitem]");
      if (item) this.current(item);
    });
  }

  /** The items that can be seen, from above to below. */
  get items() {
    return [...this.querySelectorAll("[role=treeitem]")].filter((item) => !item.parentElement.closest('[aria-expanded="false"]'));
  }

  current(item) {
    for (const other of this.querySelectorAll('[role=treeitem][tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
  }

  go(item) {
    if (!item) return;
    this.current(item);
    item.focus();
  }

  async open(item) {
    let group = item.querySelector(":scope > [role=group]");
    if (!group) {
      item.querySelector(":scope > .xl-tree-said")?.remove();
      const said = document.createElement("div");
      said.className = "xl-tree-said";
      said.setAttribute("role", "status");
      said.textContent = this.dataset.waiting;
      item.append(said);
      item.setAttribute("aria-busy", "true");
      try {
        const asked = new URLSearchParams({ of: item.dataset.key, on: this.dataset.day });
        const answer = await fetch(`${this.dataset.url}?${asked}`, { headers: { "HX-Request": "true" } });
        if (!answer.ok) throw new Error(String(answer.status));
        group = document.createElement("ul");
        group.setAttribute("role", "group");
        group.innerHTML = await answer.text(); // from our own server, escaped there
        said.remove();
        item.append(group);
      } catch {
        said.textContent = this.dataset.failed;
        return;
      } finally {
        item.removeAttribute("aria-busy");
      }
    }
    item.setAttribute("aria-expanded", "true");
  }

  close(item) {
    item.setAttribute("aria-expanded", "false");
  }

  toggle(item) {
    if (item.getAttribute("aria-expanded") === "true") this.close(item);
    else if (item.getAttribute("aria-expanded") === "false") this.open(item);
  }

  click(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.target.closest("a")) return;
    this.toggle(item);
    this.go(item);
  }

  key(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.ctrlKey || event.altKey || event.metaKey) return;
    const items = this.items;
    const at = items.indexOf(item);
    const expanded = item.getAttribute("aria-expanded");
    switch (event.key) {
      case "ArrowDown":
        this.go(items[at + 1]);
        break;
      case "ArrowUp":
        this.go(items[at - 1]);
        break;
      case "ArrowRight":
        if (expanded === "false") this.open(item);
        else if (expanded === "true") this.go(item.querySelector(":scope > [role=group] > [role=treeitem]"));
        break;
      case "ArrowLeft":
        if (expanded === "true") this.close(item);
        else this.go(item.parentElement.closest("[role=treeitem]"));
        break;
      case "Home":
        this.go(items[0]);
        break;
      case "End":
        this.go(items.at(-1));
        break;
      case "Enter": {
        const link = item.querySelector(":scope > .xl-branch a");
        if (link) link.click();
        else this.toggle(item);
        break;
      }
      case " ":
        this.toggle(item);
        break;
      default:
        if (event.key.length !== 1) return;
        this.jump(event.key, items, at);
    }
    event.preventDefault();
    event.stopPropagation(); // letters here are no keys of the page
  }

  /** To the next item whose name or initials begin with what was typed. */
  jump(letter, items, at) {
    const now = performance.now();
    this.word = now - this.typed < PAUSE ? this.word + letter.toLowerCase() : letter.toLowerCase();
    this.typed = now;
    const start = this.word.length === 1 ? at + 1 : at;
    for (let n = 0; n < items.length; n++) {
      const item = items[(start + n) % items.length];
      const name = item.querySelector(":scope > .xl-branch > :is(a, span:not(.xl-twist))").textContent.toLowerCase();
      if (name.startsWith(this.word) || item.dataset.initials.startsWith(this.word)) {
        this.go(item);
        return;
      }
    }
  }
}
customElements.define("xl-tree", XlTree);
