// <xl-interrupt card="uuid" heading="…" go-on="…">: a critical reminder. All of a page that have not been read are shown
// once over it, together; the page waits until they are read or one alone is answered, then they stand in their places.
// Without this script they stand there from the beginning.
const key = (card) => `xl-interrupt-${card}`;

class Interrupt extends HTMLElement {
  connectedCallback() {
    if (document.querySelector("dialog.xl-interrupt[open]")) return;
    const all = [...(this.closest(".xl-reminders-cards") ?? this.parentElement).querySelectorAll("xl-interrupt")];
    const unread = all.filter((one) => one.childElementCount && !sessionStorage.getItem(key(one.getAttribute("card"))));
    if (unread[0] === this) this.show(unread);
  }

  show(places) {
    const dialog = document.createElement("dialog");
    dialog.className = "xl-interrupt";
    dialog.append(this.heading(places.length));
    dialog.setAttribute("aria-labelledby", "xl-interrupt");
    const held = places.map((place) => [place, [...place.childNodes]]);
    for (const [, nodes] of held) dialog.append(...nodes);
    const way = this.way(dialog);
    // To go on comes before any answer, so that nobody sets a warning aside by habit; several are answered in the page.
    const acts = held.length === 1 ? dialog.querySelector(".xl-reminder-acts") : null;
    if (acts) acts.before(way);
    else dialog.append(way);
    dialog.classList.toggle("several", held.length > 1);
    const keep = (how) => places.forEach((place) => sessionStorage.setItem(key(place.getAttribute("card")), how));
    dialog.addEventListener("submit", () => keep("answered"));
    dialog.addEventListener("close", () => {
      keep("read");
      way.remove();
      for (const [place, nodes] of held) place.replaceChildren(...nodes);
    });
    this.append(dialog);
    dialog.showModal();
    dialog.firstElementChild.focus();
  }

  // What is read first, and where the keyboard stands: on no button.
  heading(count) {
    const heading = document.createElement("h2");
    heading.id = "xl-interrupt";
    heading.tabIndex = -1;
    heading.autofocus = true;
    heading.textContent = this.getAttribute("heading") + (count > 1 ? ` · ${count}` : "");
    return heading;
  }

  // The way on.
  way(dialog) {
    const place = document.createElement("p");
    const button = document.createElement("button");
    place.className = "xl-interrupt-way";
    button.type = "button";
    button.className = "btn";
    button.textContent = this.getAttribute("go-on");
    button.addEventListener("click", () => dialog.close());
    place.append(button);
    return place;
  }
}

customElements.define("xl-interrupt", Interrupt);
