// What htmx asks for and does not get: words and a way on in its place. Never a card that waits for ever, never an
// empty place, never another's page (a proxy's, or a whole page of ours) inside a card. The words stand in the page
// (ui/failing.html), for there may be no line to fetch them by. Loaded before htmx, which asks as soon as it is there.
"use strict";

{
  const TOO_MANY = 429;
  const template = document.getElementById("xl-failing");
  const isPage = (text) => /^\s*(<!doctype|<html)/i.test(text ?? "");
  const trigger = (source) => source.getAttribute("hx-trigger") ?? "";
  const polls = (source) => /\bevery\b/.test(trigger(source));
  const loads = (source) => /^\s*(load|revealed|intersect)\b/.test(trigger(source));
  const method = (ctx) => (ctx.request?.method ?? "GET").toUpperCase();

  /** What an answer of ours says, a whole page or a piece of one; null if it is somebody else's. */
  function ownWords(text) {
    const answer = new DOMParser().parseFromString(text ?? "", "text/html");
    const said = [...answer.querySelectorAll(".xl-message h1, .xl-message h1 + p, .xl-empty[role=alert] > span")];
    return said.map((part) => part.innerHTML.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim()).join(". ") || null;
  }

  /** The notice with those of its words that hold. */
  function notice(shown, own) {
    const made = template.content.firstElementChild.cloneNode(true);
    for (const word of made.querySelectorAll("[data-say]")) word.hidden = !shown.includes(word.dataset.say);
    const place = made.querySelector("[data-say=own]");
    place.hidden = !own;
    place.textContent = own ?? "";
    return made;
  }

  /** Ask once more; who asked by the keyboard goes on where the answer is. */
  async function again(ctx) {
    const { sourceElement: source, target, swap } = ctx;
    await htmx.ajax(method(ctx), ctx.request.action, { source, target, swap });
    const come = target?.isConnected ? target : document.getElementById(target?.id);
    if (!come || document.activeElement !== document.body) return;
    come.tabIndex = -1;
    come.focus({ preventScroll: true });
  }

  /** In a card that loads by itself: the notice takes the place of the waiting. */
  function inPlace(ctx, why, own) {
    const target = ctx.target?.isConnected ? ctx.target : ctx.sourceElement;
    const place = target.querySelector("[aria-busy]") ?? target;
    const made = notice(["part", why], own);
    made.querySelector("[data-failing=close]").remove();
    made.querySelector("[data-failing=again]").addEventListener("click", () => {
      const waiting = document.createElement("div");
      waiting.className = "xl-waiting";
      for (let i = 0; i < 3; i += 1) waiting.append(document.createElement("i"));
      made.replaceWith(waiting);
      place.setAttribute("aria-busy", "true");
      again(ctx);
    });
    place.removeAttribute("aria-busy");
    const waited = place.querySelector(".xl-waiting");
    if (waited && place.contains(waited)) waited.replaceWith(made);
    else place.replaceChildren(made);
  }

  let said = null; // one notice at a time at the edge of the window
  let about = null;

  function hush(source) {
    if (source && source !== about) return;
    said?.remove();
    said = about = null;
  }

  /** At the edge of the window: what stands on the page, and what was typed, stays as it is. */
  function atEdge(source, shown, { own = null, retry = null } = {}) {
    hush();
    said = notice(shown, own);
    about = source;
    said.classList.add("xl-failed-edge", "xl-screen");
    const button = said.querySelector("[data-failing=again]");
    if (retry) {
      button.addEventListener("click", () => {
        hush();
        retry();
      });
    } else button.remove(); // what changes something is done again by who did it
    said.querySelector("[data-failing=close]").addEventListener("click", () => hush());
    (document.querySelector("dialog[open]") ?? document.body).append(said);
  }

  function fail(ctx, why, own = null) {
    const source = ctx.sourceElement;
    if (polls(source)) {
      if (about !== source) atEdge(source, ["stale", why], { own }); // said once, not at every turn
    } else if (method(ctx) !== "GET") atEdge(source, ["act", why, ...(own ? [] : ["unsure"]), "kept"], { own });
    else if (loads(source)) inPlace(ctx, why, own);
    else atEdge(source, ["act", why], { own, retry: () => again(ctx) });
  }

  document.addEventListener("xl:silent", (event) => atEdge(event.detail, ["act", "line", "kept"]));

  document.addEventListener("htmx:after:request", (event) => {
    const ctx = event.detail.ctx;
    const { status, raw } = ctx.response;
    const away = raw.redirected && /\/sign-in\//.test(raw.url);
    if (status === 401 || away) {
      const asked = new CustomEvent("xl:ended", { cancelable: true });
      event.preventDefault();
      if (document.dispatchEvent(asked)) location.reload(); // nothing typed: to the sign-in page and back
      return;
    }
    if (status < 400) {
      hush(ctx.sourceElement);
      return;
    }
    const html = (raw.headers.get("Content-Type") ?? "").includes("html");
    const piece = html && ctx.text.trim() && !isPage(ctx.text);
    if (piece && status < 500 && status !== TOO_MANY) return; // a form with its errors, a refusal in words
    event.preventDefault();
    const own = ownWords(ctx.text);
    fail(ctx, own ? "own" : "fault", own);
  });

  document.addEventListener("htmx:error", (event) => {
    const { ctx, error } = event.detail;
    if (!ctx || ctx.response) return; // an answer came: not the line's fault
    fail(ctx, error?.name === "AbortError" || error === "timeout" ? "slow" : "line");
  });

  addEventListener("online", () => {
    // The line is back: cards that failed ask again by themselves.
    for (const button of document.querySelectorAll("main .xl-failed [data-failing=again]")) button.click();
  });
}
