// Files dropped on the place are those of its input.
"use strict";

customElements.define(
  "xl-drop",
  class extends HTMLElement {
    connectedCallback() {
      const input = this.querySelector("input[type=file]");
      for (const name of ["dragenter", "dragover"]) {
        this.addEventListener(name, (event) => {
          event.preventDefault();
          this.classList.add("over");
        });
      }
      for (const name of ["dragleave", "drop"]) this.addEventListener(name, () => this.classList.remove("over"));
      this.addEventListener("drop", (event) => {
        event.preventDefault();
        if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
      });
    }
  },
);
