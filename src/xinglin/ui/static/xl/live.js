// What is live on a page: one stream that tells of changes, and the parts that ask for what has changed.
"use strict";

{
  const HIDDEN_SECONDS = 60; // a page that is not seen for so long gives its stream back
  const AT_MOST_SECONDS = 1; // between two asks of one part, however much is told
  const PAUSES = [1, 5, 30, 120, 300]; // seconds before a stream that was refused is tried again

  /** The page's one stream. While it is open, parts are told; while it is not, they ask every few seconds. */
  const stream = {
    parts: new Set(), // the xl-live elements of the page
    source: null,
    open: false,
    failures: 0,
    timer: 0,

    begin() {
      if (this.source || document.hidden || this.parts.size === 0) return;
      clearTimeout(this.timer);
      const [first] = this.parts;
      const address = new URL(first.dataset.from, location.href);
      for (const part of this.parts) address.searchParams.append("ticket", part.dataset.ticket);
      const source = new EventSource(address, { withCredentials: true });
      this.source = source;
      source.addEventListener("open", () => {
        this.open = true;
        this.failures = 0;
        this.say("open");
      });
      source.addEventListener("error", () => {
        this.open = false; // the browser tries again by itself, unless it was refused
        if (source.readyState !== EventSource.CLOSED) return;
        this.end();
        this.later();
      });
      source.addEventListener("renew", () => {
        this.end();
        this.renew();
      });
      source.addEventListener("over", () => {
        this.end();
        this.leave(); // nobody is signed in any more
      });
      for (const part of this.parts) {
        const kind = part.dataset.for;
        source.addEventListener(kind, () => document.dispatchEvent(new CustomEvent(`xl:${kind}`)));
      }
    },

    end() {
      this.source?.close();
      this.source = null;
      this.open = false;
      this.say("closed");
    },

    /** Nothing more is heard on this page. */
    leave() {
      this.say("over");
      this.parts.clear();
    },

    /** How it stands, for whoever looks for what is wrong. */
    say(state) {
      for (const part of this.parts) part.dataset.state = state;
    },

    later() {
      const seconds = PAUSES[Math.min(this.failures, PAUSES.length - 1)] * (1 + Math.random());
      this.failures += 1;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.renew(), seconds * 1000);
    },

    /** Ask for new tickets: what the reader may hear is looked at again. */
    async renew() {
      if (document.hidden || this.parts.size === 0) return; // when the page is seen again
      const [first] = this.parts;
      const address = new URL(first.dataset.renew, location.href);
      for (const part of this.parts) address.searchParams.append("for", part.dataset.for);
      const answer = await fetch(address, { headers: { "Xl-Aside": "1" } }).catch(() => null);
      if (answer?.status === 401 || answer?.redirected) return this.leave();
      if (!answer?.ok) return this.later();
      const tickets = await answer.json();
      for (const part of [...this.parts]) {
        if (tickets[part.dataset.for]) part.dataset.ticket = tickets[part.dataset.for];
        else this.parts.delete(part);
      }
      this.begin();
    },
  };

  class XlLive extends HTMLElement {
    connectedCallback() {
      stream.parts.add(this);
      queueMicrotask(() => stream.begin()); // with all that the page wants to hear
    }

    disconnectedCallback() {
      stream.parts.delete(this);
    }
  }

  let leaving = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) leaving = setTimeout(() => stream.end(), HIDDEN_SECONDS * 1000);
    else if (!stream.source) stream.renew();
  });
  addEventListener("pagehide", () => stream.end());
  addEventListener("pageshow", (event) => {
    if (event.persisted) stream.renew();
  });

  /**
   * The `<details>` of a part over a refresh, which folds what the server sends folded: known by their id, or that of
   * their summary. What a row has asked for itself (`hx-get`, kept by `hx-morph-skip-children`) it asks for again, on
   * the event `xl:again`, when its summary has come to say something else: at once, or when it is unfolded next.
   */
  class Unfolded {
    constructor(part) {
      this.part = part;
      this.before = new Map(); // by id: whether it was unfolded, and what its summary said
      this.stale = new WeakSet();
      const own = (event) => event.target === part; // not what a row asks for itself
      part.addEventListener("htmx:before:swap", (event) => own(event) && this.keep());
      part.addEventListener("htmx:after:swap", (event) => own(event) && this.restore());
      part.addEventListener("toggle", ({ target }) => target.open && this.stale.has(target) && this.ask(target), true);
      part.addEventListener("htmx:config:request", ({ detail }) => {
        if (detail.ctx.sourceEvent?.type === "xl:again") detail.ctx.request.headers["Xl-Aside"] = "1";
      });
    }

    all() {
      const known = [...this.part.querySelectorAll("details")].map((one) => [one.id || summaryOf(one)?.id, one]);
      return known.filter(([id]) => id);
    }

    keep() {
      this.before = new Map(this.all().map(([id, one]) => [id, { open: one.open, said: said(one) }]));
    }

    restore() {
      for (const [id, one] of this.all()) {
        const before = this.before.get(id);
        if (!before) continue;
        if (before.open) one.open = true;
        if (!one.hasAttribute("hx-get") || before.said === said(one)) continue;
        if (before.open) this.ask(one);
        else this.stale.add(one);
      }
    }

    ask(row) {
      this.stale.delete(row);
      row.dispatchEvent(new CustomEvent("xl:again"));
    }
  }

  const summaryOf = (row) => row.querySelector(":scope > summary");
  const said = (row) => summaryOf(row)?.textContent;

  /**
   * A part that is asked for again when there is something new of the kind `data-on`: at once where the stream tells
   * it, and now and then besides (`data-calm` seconds); else every `data-every` seconds. What it asks is no use of the
   * session: who has left is signed out. What the reader has unfolded stays unfolded (`Unfolded`).
   */
  class XlFresh extends HTMLElement {
    connectedCallback() {
      this.unfolded ??= new Unfolded(this);
      this.asked = 0; // when it asked, in milliseconds
      this.fresh = Date.now(); // since when it says what it says
      this.missed = false;
      this.told = () => this.want();
      this.seen = () => {
        if (!document.hidden && this.missed) this.want();
      };
      document.addEventListener(`xl:${this.dataset.on}`, this.told);
      document.addEventListener("visibilitychange", this.seen);
      this.timer = setInterval(() => this.tick(), Number(this.dataset.every) * 1000);
    }

    disconnectedCallback() {
      clearInterval(this.timer);
      clearTimeout(this.waiting);
      document.removeEventListener(`xl:${this.dataset.on}`, this.told);
      document.removeEventListener("visibilitychange", this.seen);
    }

    tick() {
      if (document.hidden) return;
      const calm = Number(this.dataset.calm || 60) * 1000;
      if (!stream.open || Date.now() - this.fresh >= calm) this.want();
    }

    want() {
      this.missed = document.hidden;
      if (this.missed || this.waiting) return;
      const wait = Math.max(0, this.asked + AT_MOST_SECONDS * 1000 - Date.now());
      this.waiting = setTimeout(() => {
        this.waiting = 0;
        this.asked = this.fresh = Date.now();
        this.ask();
      }, wait);
    }

    /** htmx does it, as the element's attributes say. */
    ask() {
      this.dispatchEvent(new CustomEvent("xl:again"));
    }
  }

  /** The bell; its words are replaced only where they are others, so that nothing is read out twice. */
  class XlUnread extends XlFresh {
    async ask() {
      const answer = await fetch(this.dataset.from, { headers: { "Xl-Aside": "1" } }).catch(() => null);
      if (!answer?.ok || answer.redirected) return; // a session that opens only one record leads elsewhere
      const said = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      if (said.textContent !== this.textContent) this.replaceChildren(...said.childNodes);
    }
  }

  customElements.define("xl-live", XlLive);
  customElements.define("xl-fresh", XlFresh);
  customElements.define("xl-unread", XlUnread);
}
