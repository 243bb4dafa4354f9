// Taps and scans: kept in the phone while the Wi-Fi or the box is gone, sent in their order, called off for five seconds.
"use strict";

(() => {
  const SAME_TAP_MS = 400; // two touches of one spot this close together are one wish
  const SAME_TAP_PX = 24;
  const RETRY_MS = 3000;
  const ANSWER_MS = 15_000;
  const FRESH_MS = 10_000; // an answer that comes later than this opens no page under her finger
  const MOST_TRIES = 5; // of a tap that the box trips over: it may be the tap
  const HOLD_S = 5;
  const HELD = /^TH:CMD:(SHORT|DAMAGE)$/i; // what the box cannot take back
  const UNDO = /^TH:CMD:UNDO$/i;

  const newNonce = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");


  // Things kept in the phone under `name:` one by one, so that two pages never write over each other's. A phone that keeps
  // nothing (a private window, a full disk) keeps them for as long as the page lives, and `safe` is false.
  class Drawer {
    constructor(name) {
      this.name = name;
      this.safe = true;
      this.loose = new Map();
    }

    get things() {
      const found = new Map(this.loose);
      try {
        for (let number = 0; number < localStorage.length; number += 1) {
          const key = localStorage.key(number);
          if (!key.startsWith(`${this.name}:`)) continue;
          try {
            found.set(key, JSON.parse(localStorage.getItem(key)));
          } catch {
            localStorage.removeItem(key); // half written: nobody can read it any more
          }
        }
      } catch {
        this.safe = false;
      }
      return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, thing]) => ({ ...thing, key }));
    }

    add(thing) {
      const last = this.things.at(-1)?.key.split(":")[1] ?? "0";
      this.put({ ...thing, key: `${this.name}:${String(Number(last) + 1).padStart(12, "0")}:${thing.once}` });
    }

    put({ key, ...thing }) {
      try {
        localStorage.setItem(key, JSON.stringify(thing));
        this.loose.delete(key);
      } catch {
        this.safe = false;
        this.loose.set(key, thing);
      }
    }

    drop({ key }) {
      this.loose.delete(key);
      try {
        localStorage.removeItem(key);
      } catch {
        this.safe = false;
      }
    }
  }

  // <tap-queue>: every tap on a form[data-tap] and every scan through a form[data-scan] is a wish with a name of its own
  // (`once`), kept in the phone until the box has answered it, and sent in the order in which it was made. Sending it again
  // changes nothing. What the box cannot take back waits for some seconds first and can be called off here; the next scan
  // says yes to it.
  class TapQueue extends HTMLElement {
    connectedCallback() {
      this.taps = new Drawer("tihuo-tap");
      this.refusals = new Drawer("tihuo-refused");
      this.touches = [{ at: -Infinity }, { at: -Infinity }];
      this.onTouch = (event) => this.touches.splice(0, 2, this.touches[1], { at: Date.now(), x: event.clientX, y: event.clientY });
      this.onSubmit = (event) => this.take(event);
      this.onSwap = () => this.mark();
      this.onBack = () => this.send();
      document.addEventListener("pointerdown", this.onTouch, true);
      document.addEventListener("submit", this.onSubmit, true);
      document.addEventListener("htmx:after:swap", this.onSwap);
      document.addEventListener("visibilitychange", this.onBack);
      window.addEventListener("online", this.onBack);
      this.addEventListener("click", (event) => this.understood(event));
      this.timer = setInterval(this.onBack, RETRY_MS);
      this.mark();
      this.send();
    }

    disconnectedCallback() {
      document.removeEventListener("pointerdown", this.onTouch, true);
      document.removeEventListener("submit", this.onSubmit, true);
      document.removeEventListener("htmx:after:swap", this.onSwap);
      document.removeEventListener("visibilitychange", this.onBack);
      window.removeEventListener("online", this.onBack);
      clearInterval(this.timer);
    }

    get who() {
      return this.getAttribute("who");
    }

    get waiting() {
      return this.taps.things.filter((tap) => tap.who === this.who);
    }

    drop(tap) {
      this.taps.drop(tap);
      this.mark();
    }

    take(event) {
      const form = event.target;
      if (!form.matches("form[data-tap], form[data-scan]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const scans = form.matches("[data-scan]");
      const button = event.submitter || form.querySelector("button");
      if (button && this.isEcho()) return;
      form.closest("dialog")?.close();
      const text = scans ? form.elements.text.value.trim() : "";
      if (scans && !text) return;
      if (scans && !this.heard(text)) return;
      const row = form.closest("[data-row]");
      const hold = HELD.test(text) ? HOLD_S * 1000 : Number(button?.dataset.hold || 0) * 1000;
      const now = Date.now();
      const tap = {
        once: newNonce(),
        who: this.who,
        url: button?.getAttribute("formaction") || form.getAttribute("action"),
        body: new URLSearchParams(event.submitter ? new FormData(form, event.submitter) : new FormData(form)).toString(),
        row: row && !scans ? row.dataset.row : "",
        says: HELD.test(text) ? this.getAttribute(HELD.exec(text)[1].toLowerCase()) : text || button?.dataset.says || button?.textContent.trim(),
        scan: text,
        at: now,
        after: now + hold,
        tries: 0,
      };
      const before = tap.row && this.waiting.find((other) => other.row === tap.row);
      if (before && before.after <= now) return; // its answer is on the way
      if (before) this.taps.drop(before); // she changed her mind
      this.taps.add(tap);
      this.mark();
      if (hold) this.offerUndo(tap);
      setTimeout(() => this.send(), hold);
    }

    // A scan says yes to what the scan before it left waiting, unless it calls that off. True if it has to be sent.
    heard(text) {
      const held = this.waiting.filter((tap) => tap.scan && tap.after > Date.now());
      if (UNDO.test(text) && held.length) {
        for (const tap of held) this.taps.drop(tap);
        this.say("called", this.getAttribute("called"));
        this.mark();
        return false;
      }
      for (const tap of held) this.taps.put({ ...tap, after: Date.now() });
      return true;
    }

    // A double tap whose first half made the rows move up: the second half means nothing.
    isEcho() {
      const [before, now] = this.touches;
      this.touches = [{ at: -Infinity }, now];
      return now.at - before.at < SAME_TAP_MS && Math.abs(now.x - before.x) < SAME_TAP_PX && Math.abs(now.y - before.y) < SAME_TAP_PX;
    }

    // A note from a template of the page.
    say(kind, text) {
      const note = this.querySelector(`template[data-note=${kind}]`).content.cloneNode(true);
      note.querySelector("[data-says]").textContent = text;
      document.getElementById("toast").replaceChildren(note);
      return document.getElementById("toast");
    }

    offerUndo(tap) {
      this.say("held", tap.says)
        .querySelector("button")
        .addEventListener("click", () => {
          for (const held of this.waiting) if (held.once === tap.once) this.drop(held);
          document.getElementById("toast").replaceChildren();
        });
    }

    mark() {
      const all = this.taps.things;
      const waiting = all.filter((tap) => tap.who === this.who);
      const rows = new Set(waiting.map((tap) => tap.row));
      for (const row of document.querySelectorAll("[data-row]")) row.classList.toggle("unsent", rows.has(row.dataset.row));
      const late = waiting.filter((tap) => tap.after <= Date.now() - RETRY_MS).length;
      this.sign("late", late);
      this.sign("others", all.length - waiting.length, all.find((tap) => tap.who !== this.who)?.who);
      this.sign("unkept", this.taps.safe ? 0 : 1);
      this.list();
    }

    sign(name, count, who = "") {
      const sign = this.querySelector(`[data-${name}]`);
      sign.hidden = !count;
      for (const place of sign.querySelectorAll("b")) place.textContent = count;
      for (const place of sign.querySelectorAll("i")) place.textContent = who;
    }

    // What was refused after she had gone on stays until she has read it.
    list() {
      const refused = this.refusals.things;
      const panel = this.querySelector("[data-refused]");
      const shown = refused.map((one) => one.once).join();
      panel.hidden = !refused.length;
      if (panel.dataset.shown === shown) return;
      panel.dataset.shown = shown;
      const pattern = panel.querySelector("template").content;
      panel.querySelector("ul").replaceChildren(
        ...refused.map((one) => {
          const row = pattern.cloneNode(true);
          row.querySelector("[data-says]").textContent = one.says;
          row.querySelector("[data-because]").textContent = one.why;
          return row;
        }),
      );
    }

    understood(event) {
      if (!event.target.closest("[data-understood]")) return;
      for (const one of this.refusals.things) this.refusals.drop(one);
      this.mark();
    }

    async send() {
      if (this.sending) return;
      this.sending = true;
      try {
        for (let tap = this.next(); tap; tap = this.next()) {
          const answer = await fetch(tap.url, {
            method: "POST",
            headers: { "Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true", "HX-Current-URL": location.href },
            body: `${tap.body}&once=${tap.once}`,
            signal: AbortSignal.timeout?.(ANSWER_MS), // an old phone waits as long as its network lets it
          });
          if (answer.redirected || answer.status === 401) return this.askToLogIn();
          const text = await answer.text();
          if (answer.status >= 500) {
            if (answer.status === 503 || tap.tries + 1 < MOST_TRIES) return this.taps.put({ ...tap, tries: tap.tries + 1 });
          }
          this.drop(tap);
          this.show(tap, answer, text);
        }
      } catch {
        // The box is out of reach: the taps stay, and the timer tries again.
      } finally {
        this.sending = false;
        this.mark();
      }
    }

    next() {
      return this.waiting.find((tap) => tap.after <= Date.now());
    }

    show(tap, answer, text) {
      const fresh = Date.now() - tap.after < FRESH_MS;
      const place = answer.headers.get("HX-Redirect");
      if (place) {
        if (fresh) location.assign(place);
        return;
      }
      if (answer.ok) {
        this.swap(document.getElementById("toast"), text);
        document.body.dispatchEvent(new CustomEvent("taps-sent"));
        return;
      }
      const row = tap.row && document.querySelector(`[data-row="${CSS.escape(tap.row)}"]`);
      if (fresh) {
        this.swap((row && row.querySelector("[data-why]")) || document.getElementById("toast"), text);
        if (tap.scan) document.querySelector("#toast .banner")?.classList.add("stop", "said");
      } else {
        const why = new DOMParser().parseFromString(text, "text/html").body.textContent;
        this.refusals.add({ once: tap.once, says: tap.says, why: why.replace(/\s+/g, " ").trim() });
        this.mark();
      }
      const stop = document.createElement("shop-sound");
      stop.setAttribute("play", "stop");
      document.getElementById("toast").append(stop);
      document.body.dispatchEvent(new CustomEvent("taps-sent"));
    }

    swap(place, text) {
      window.htmx.swap({ sourceElement: this, target: place, text, swap: "innerHTML" });
    }

    askToLogIn() {
      window.location.reload();
    }
  }

  customElements.define("tap-queue", TapQueue);
})();
