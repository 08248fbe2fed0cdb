// The counter's scan box, and the code that its holder shows.
"use strict";

{
  const FAILED_AGAIN = 3000; // milliseconds after which a code that did not come is asked for again
  const EARLY = 3; // seconds before its end at which a code is replaced

  /** The scan box keeps the keyboard: scanners type where the focus is, and end with Enter. */
  class XlCardScan extends HTMLElement {
    connectedCallback() {
      this.field = this.querySelector("input[name=code]");
      this.field.focus();
      this.heard = {
        keydown: (event) => this.key(event),
        "htmx:after:swap": () => this.answered(),
        click: (event) => this.clicked(event),
      };
      for (const [name, work] of Object.entries(this.heard)) document.addEventListener(name, work);
      this.back = () => this.ready(false);
      window.addEventListener("focus", this.back);
    }

    disconnectedCallback() {
      for (const [name, work] of Object.entries(this.heard)) document.removeEventListener(name, work);
      window.removeEventListener("focus", this.back);
    }

    /** What a scanner types while the focus is nowhere belongs into the box. */
    key(event) {
      const nowhere = document.activeElement === document.body || document.activeElement === null;
      if (nowhere && /^[0-9A-Za-z]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) this.field.focus();
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.ready();
    }

    /** A click on nothing that can be used gives the focus back to the box. */
    clicked(event) {
      if (!event.target.closest("a, button, input, select, textarea, summary, label, dialog, [tabindex='0']")) this.ready(false);
    }

    /** On a phone the answer lies below: it is brought into sight, and the box keeps the focus. */
    answered() {
      this.ready(true, true);
      document.getElementById("xl-card-result").scrollIntoView({ block: "nearest" });
    }

    ready(clear = true, still = !clear) {
      if (document.querySelector("dialog[open]")) return;
      if (clear) this.field.value = "";
      this.field.focus({ preventScroll: still });
    }
  }
  customElements.define("xl-card-scan", XlCardScan);

  /** A code of a minute: counts down, fetches the next one in time, says when there is no network. */
  class XlCardCode extends HTMLElement {
    connectedCallback() {
      this.place = this.querySelector(".xl-code-place");
      this.offline = this.querySelector(".xl-code-offline");
      this.left = this.querySelector(".xl-code-left");
      this.ring = this.querySelector(".xl-ring-left");
      this.seconds = Number(this.dataset.seconds);
      this.querySelector("button").addEventListener("click", () => this.refresh());
      this.awake = () => {
        if (document.visibilityState === "visible" && this.rest() <= EARLY) this.refresh();
      };
      this.online = () => this.refresh();
      document.addEventListener("visibilitychange", this.awake);
      window.addEventListener("online", this.online);
      this.begin();
      this.clock = setInterval(() => this.tick(), 250);
    }

    disconnectedCallback() {
      clearInterval(this.clock);
      document.removeEventListener("visibilitychange", this.awake);
      window.removeEventListener("online", this.online);
    }

    begin() {
      this.until = performance.now() + this.seconds * 1000;
      this.again = 0;
      this.removeAttribute("data-expired");
      this.offline.hidden = true;
      this.tick();
    }

    rest() {
      return (this.until - performance.now()) / 1000;
    }

    tick() {
      const rest = Math.max(0, this.rest());
      this.left.textContent = String(Math.ceil(rest));
      this.ring.setAttribute("stroke-dasharray", `${(100 * rest) / this.seconds} 100`);
      this.toggleAttribute("data-expired", rest === 0);
      if (rest <= EARLY && !this.asking && performance.now() >= this.again && document.visibilityState === "visible") this.refresh();
    }

    async refresh() {
      if (this.asking) return;
      this.asking = true;
      try {
        const answer = await fetch(this.dataset.url, { headers: { "HX-Request": "true" }, cache: "no-store" });
        if (answer.status === 401 || answer.status === 409) {
          location.reload(); // signed out, or the card is not active any more: the page says which
          return;
        }
        if (!answer.ok) throw new Error(String(answer.status));
        const come = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".xl-code");
        this.place.replaceChildren(document.adoptNode(come));
        this.begin();
      } catch {
        this.again = performance.now() + FAILED_AGAIN;
        this.offline.hidden = false;
      } finally {
        this.asking = false;
      }
    }
  }
  customElements.define("xl-card-code", XlCardCode);
}
