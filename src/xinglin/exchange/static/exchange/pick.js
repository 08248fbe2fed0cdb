// The box in the head of a list picks all boxes of the form, or none.
"use strict";

customElements.define(
  "xl-pick-all",
  class extends HTMLElement {
    connectedCallback() {
      this.all = this.querySelector("input");
      this.form = this.closest("form");
      this.form.addEventListener("change", (event) => {
        const boxes = this.form.querySelectorAll("tbody input[type=checkbox]");
        if (event.target === this.all) {
          for (const box of boxes) box.checked = this.all.checked;
          return;
        }
        const picked = [...boxes].filter((box) => box.checked).length;
        this.all.checked = picked === boxes.length;
        this.all.indeterminate = picked > 0 && picked < boxes.length;
      });
    }
  },
);
