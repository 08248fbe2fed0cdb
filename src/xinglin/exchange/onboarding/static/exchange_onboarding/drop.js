// Files dropped onto the field are chosen; the print button prints.
class Drop extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector('input[type="file"]');
    const over = (event) => {
      event.preventDefault();
      this.toggleAttribute("data-over", event.type === "dragover");
    };
    this.addEventListener("dragover", over);
    this.addEventListener("dragleave", over);
    this.addEventListener("drop", (event) => {
      over(event);
      if (event.dataTransfer.files.length) field.files = event.dataTransfer.files;
    });
  }
}
customElements.define("xl-drop", Drop);
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    window.print();
  });
}
