// A board on a wall: the time, the page a wall's height at a time, fresh figures, and the next board when it is asked
// for. Nothing is left behind for a page that does not answer: what hangs stays, and says since when it is old.
"use strict";

{
  const STEP_SECONDS = 20; // for one wall's height
  const TURN = "xl-wall-turn";
  const twoDigits = (n) => String(n).padStart(2, "0");
  const clock = (at) => [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":");

  class XlWall extends HTMLElement {
    connectedCallback() {
      this.born = new Date();
      this.taking = sessionStorage.getItem(TURN) === "on";
      this.press();
      this.addEventListener("click", (event) => this.act(event.target.closest("[data-wall]")?.dataset.wall));
      this.tick();
      this.ticking = setInterval(() => this.tick(), 1000);
      this.stepping = setInterval(() => this.step(), STEP_SECONDS * 1000);
    }

    disconnectedCallback() {
      clearInterval(this.ticking);
      clearInterval(this.stepping);
    }

    press() {
      this.querySelector("[data-wall=turn]").setAttribute("aria-pressed", String(this.taking));
    }

    act(what) {
      if (what === "turn") {
        this.taking = !this.taking;
        sessionStorage.setItem(TURN, this.taking ? "on" : "off");
        this.press();
      } else if (what === "full") {
        if (document.fullscreenElement) document.exitFullscreen();
        else document.documentElement.requestFullscreen();
      }
    }

    tick() {
      this.querySelector("time").textContent = clock(new Date());
    }

    /** A wall's height further; at the end the next board, or this one afresh. */
    step() {
      const root = document.documentElement;
      const bar = this.parentElement.offsetHeight;
      const left = root.scrollHeight - root.clientHeight - root.scrollTop;
      if (left > 4) root.scrollTop += root.clientHeight - bar - 40;
      else this.go(this.next());
    }

    next() {
      const boards = [...document.querySelectorAll(".xl-wall-bar nav a")].map((link) => link.href);
      if (!this.taking || boards.length < 2) return location.href;
      return boards[(boards.findIndex((board) => new URL(board).pathname === location.pathname) + 1) % boards.length];
    }

    /** Go only where an answer is: the browser's page of errors would hang until somebody comes with a ladder. */
    async go(address) {
      const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
      if (answer?.ok && !answer.redirected) location.replace(address);
      else {
        this.querySelector(".xl-wall-stale").textContent = `${this.dataset.stale} (${clock(this.born)})`;
        document.documentElement.scrollTop = 0;
      }
    }
  }
  customElements.define("xl-wall", XlWall);
}
