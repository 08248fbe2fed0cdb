// Forms that lose nothing: what was typed is not left by mistake, is not sent twice, and outlives the session.
"use strict";

{
  const AGAIN_SECONDS = 5; // within which a second sending of a form is a slip of the hand
  const QUIET_SECONDS = 120; // after which a session is asked for before what was typed is sent
  const ended = document.getElementById("xl-ended");
  const typed = new Set(); // forms with something in them that nobody has been given yet
  let sent = new WeakMap(); // form to what was sent last, and when
  let heard = Date.now(); // when the platform last answered

  /** Forms whose loss would be felt: those that change something and hold words of their own. */
  const counts = (form) => form?.method === "post" && !form.matches("[data-xl-careless], .xl-sign-in-form form");

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!counts(field.form) || field.matches("[data-xl=send], [type=search], [type=password], [type=hidden]")) return;
    typed.add(field.form);
  });
  document.addEventListener("reset", (event) => typed.delete(event.target));

  const unsent = () => [...typed].some((form) => form.isConnected);

  addEventListener("beforeunload", (event) => {
    if (unsent()) event.preventDefault(); // the browser asks in its own words
  });

  /** The session as it is: "holds", "ended", or "silent" when no answer comes. */
  async function session() {
    const asked = `${ended.dataset.session}?account=${ended.dataset.account}`;
    const answer = await fetch(asked, { cache: "no-store" }).catch(() => null);
    if (!answer) return "silent";
    if (answer.status === 401) return "ended";
    if (answer.ok && !answer.redirected) renew(await answer.text());
    heard = Date.now();
    return "holds"; // or cannot be told: then the form's own answer will
  }

  /** A new session has a new token against forged requests: every form of the page takes it over. */
  function renew(token) {
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  }

  async function sendIfHeld(form, submitter) {
    const state = await session();
    if (state === "holds") form.requestSubmit(submitter);
    else if (state === "ended") ended.showModal();
    else document.dispatchEvent(new CustomEvent("xl:silent", { detail: form }));
  }

  /** What a form would send, as text: the same twice is a slip of the hand, another value is not. */
  const content = (form, submitter) => new URLSearchParams(new FormData(form, submitter)).toString();

  /** Whether this form has sent just this just now; if not, note that it does. */
  function repeated(form, submitter) {
    const said = content(form, submitter);
    const last = sent.get(form);
    if (last?.said === said && Date.now() - last.at < AGAIN_SECONDS * 1000) return true;
    sent.set(form, { said, at: Date.now() });
    return false;
  }

  const ofHtmx = (form) => form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]");

  // Before the form's own listeners: what is sent once more, and what would find the session ended, goes no further.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!ofHtmx(form) && (event.submitter?.formMethod || form.method) !== "post") return;
      const stop = () => {
        event.preventDefault();
        event.stopImmediatePropagation();
      };
      if (typed.has(form) && ended && Date.now() - heard > QUIET_SECONDS * 1000) {
        stop();
        sendIfHeld(form, event.submitter);
      } else if (repeated(form, event.submitter)) stop();
    },
    true,
  );
  document.addEventListener("submit", (event) => {
    if (ofHtmx(event.target)) return; // until the answer has come
    typed.delete(event.target);
    if (!event.defaultPrevented && event.target.method === "post") event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    heard = Date.now();
    sent = new WeakMap();
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });

  document.addEventListener("htmx:after:request", (event) => {
    heard = Date.now();
    const form = event.detail.ctx.sourceElement;
    if (!form.matches("form")) return; // a button in it asked for something, but nothing was handed in
    sent.delete(form); // answered: the same may be meant again
    if (event.detail.ctx.response.status < 400) typed.delete(form);
  });
  document.addEventListener("htmx:error", (event) => {
    const form = event.detail.ctx?.sourceElement;
    if (form?.matches("form")) sent.delete(form);
  });

  // A request found the session ended: with something typed the page stays, and says how to go on.
  document.addEventListener("xl:ended", (event) => {
    if (!ended || !unsent()) return;
    event.preventDefault();
    if (!ended.open) ended.showModal();
  });
  addEventListener("focus", async () => {
    if (ended?.open && (await session()) === "holds") ended.close();
  });

  // What the platform did not accept: told above the form with a way to each field, and the first one is ready to be
  // mended. Pages say it beside each field; here the two are tied together for who hears them.
  const words = document.getElementById("xl-wrong");

  function reasonOf(field) {
    const named = (field.getAttribute("aria-describedby") ?? "").split(/\s+/).map((id) => document.getElementById(id));
    const box = field.closest(".xl-field, fieldset, div, p, li");
    const told = named.find((found) => found?.id.endsWith("_error")) ?? box?.querySelector(".text-danger, .errorlist");
    if (told && !named.includes(told)) {
      told.id ||= `${field.id}_error`;
      const others = named.filter(Boolean).map((found) => found.id);
      field.setAttribute("aria-describedby", [...others, told.id].join(" "));
    }
    return told?.textContent.trim() ?? "";
  }

  function summarise(root) {
    const wrong = [...root.querySelectorAll("form [aria-invalid=true]")].filter((field) => field.id);
    if (!wrong.length) return;
    const form = wrong[0].form;
    const summary = words.content.firstElementChild.cloneNode(true);
    const asked = new Set(); // the boxes and buttons of one question share their name: told once, at the first
    for (const field of wrong.filter((one) => one.form === form)) {
      if (["checkbox", "radio"].includes(field.type) && asked.has(field.name)) continue;
      asked.add(field.name);
      const way = document.createElement("a");
      way.href = `#${field.id}`;
      const label = field.closest("fieldset")?.querySelector("legend") ?? field.labels?.[0];
      way.textContent = [label?.textContent.trim() ?? "", reasonOf(field)].filter(Boolean).join(": ");
      way.addEventListener("click", (event) => {
        event.preventDefault();
        field.focus();
      });
      const line = document.createElement("li");
      line.append(way);
      summary.querySelector("ul").append(line);
    }
    form.parentElement.querySelector(":scope > .xl-wrong-summary")?.remove();
    form.before(summary);
    wrong[0].focus();
  }

  summarise(document);
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx.target;
    if (target?.isConnected) summarise(target);
  });
}
