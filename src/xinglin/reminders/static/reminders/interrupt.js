// <xl-interrupt card="uuid">: a critical reminder. It is shown once over the page, which waits until it is answered or
// read; then it stands in its place. Without this script it stands there from the beginning.
const key = (card) => `xl-interrupt-${card}`;

class Interrupt extends HTMLElement {
  connectedCallback() {
    const card = this.getAttribute("card");
    if (sessionStorage.getItem(key(card)) || document.querySelector("dialog.xl-interrupt[open]")) return;
    const dialog = document.createElement("dialog");
    dialog.className = "xl-interrupt";
    dialog.setAttribute("aria-labelledby", `r-${card}`);
    dialog.append(...this.childNodes);
    dialog.append(this.way(dialog));
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(key(card), "read");
      dialog.lastElementChild.remove();
      this.replaceChildren(...dialog.childNodes);
    });
    dialog.addEventListener("submit", () => sessionStorage.setItem(key(card), "answered"));
    this.append(dialog);
    dialog.showModal();
  }

  // The way on, in the words of the page's language.
  way(dialog) {
    const place = document.createElement("p");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.textContent = document.documentElement.lang.startsWith("zh") ? "已阅，继续" : "Read, go on";
    button.addEventListener("click", () => dialog.close());
    place.append(button);
    return place;
  }
}

customElements.define("xl-interrupt", Interrupt);
