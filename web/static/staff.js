// What a phone in one hand must do by itself for a moment: hear a scanner that types, keep taps while the Wi-Fi is
// gone, undo for five seconds. Everything else is drawn by the box.
"use strict";

(() => {
  const SCAN_GAP_MS = 300; // a scanner never hesitates that long, not even over a bad radio
  const SCAN_LENGTH = 4;
  const SCAN_LENGTH_IN_FIELD = 8; // nobody types so long a number of units
  const SAME_TAP_MS = 400; // two touches of one spot this close together are one wish
  const SAME_TAP_PX = 24;
  const RETRY_MS = 3000;
  const QUEUE = "tihuo-taps";

  const newNonce = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  // A key of a scanner as the character it means. A Chinese input method swallows `key`, but not where the key sits.
  const characterOf = (event) => {
    if (event.key.length === 1) return event.key;
    if (event.key !== "Process") return "";
    const place = /^(?:Digit|Numpad|Key)(\w)$/.exec(event.code);
    return place ? place[1] : "";
  };

  // <wedge-scanner>: a scanner that types is heard anywhere on the page. A pickup code always goes to the form `codes`,
  // everything else to the form `other`; in both the text goes into the field named "text".
  class WedgeScanner extends HTMLElement {
    connectedCallback() {
      this.forget();
      this.hear = (event) => this.key(event);
      document.addEventListener("keydown", this.hear, true);
    }

    disconnectedCallback() {
      document.removeEventListener("keydown", this.hear, true);
    }

    forget() {
      this.typed = "";
      this.last = 0;
      this.field = null;
    }

    key(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const field = event.target.closest?.("textarea, select, input");
      if (field && field.type !== "number") return;
      if (event.timeStamp - this.last > SCAN_GAP_MS) this.forget();
      this.last = event.timeStamp;
      if (event.key === "Enter") {
        if (this.typed.length >= (this.field ? SCAN_LENGTH_IN_FIELD : SCAN_LENGTH)) {
          event.preventDefault(); // or the button that has the focus is pressed as well
          event.stopPropagation();
          if (this.field) this.field.element.value = this.field.value;
          this.send(this.typed);
        }
        this.forget();
        return;
      }
      const character = characterOf(event);
      if (!character) return;
      if (!this.typed && field) this.field = { element: field, value: field.value };
      this.typed += character;
    }

    send(text) {
      const name = /^TH1:/i.test(text) ? this.getAttribute("codes") : this.getAttribute("other");
      const form = document.getElementById(name);
      form.elements.text.value = text;
      form.requestSubmit();
    }
  }

  // <scan-sheet>: the large button, and the sheet that opens under the thumb to type what could not be scanned.
  class ScanSheet extends HTMLElement {
    connectedCallback() {
      const sheet = this.querySelector("dialog");
      this.querySelector("button[data-open]").addEventListener("click", () => {
        sheet.showModal();
        sheet.querySelector("input[name=text]").select();
      });
      sheet.addEventListener("click", (event) => {
        if (event.target === sheet || event.target.closest("[data-close]")) sheet.close();
      });
      sheet.addEventListener("submit", () => sheet.close());
    }
  }

  // <quantity-stepper>: one number for the verbs that stand beside it. Its form's [data-count] show the number.
  class QuantityStepper extends HTMLElement {
    connectedCallback() {
      this.input = this.querySelector("input");
      this.addEventListener("click", (event) => {
        const step = event.target.closest("[data-step]");
        if (step) this.set(Number(this.input.value) + Number(step.dataset.step));
      });
      this.input.addEventListener("change", () => this.set(Number(this.input.value)));
    }

    set(wanted) {
      const value = Math.min(Math.max(Math.round(wanted) || 0, Number(this.input.min)), Number(this.input.max));
      this.input.value = value;
      for (const place of this.closest("form").querySelectorAll("[data-count]")) place.textContent = value;
    }
  }

  // A button that shows or hides what it controls.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-shows]");
    if (!button) return;
    const panel = document.getElementById(button.dataset.shows);
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
  });

  // <passing-note seconds="5">: says something and goes by itself.
  class PassingNote extends HTMLElement {
    connectedCallback() {
      this.timer = setTimeout(() => this.remove(), Number(this.getAttribute("seconds")) * 1000);
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
    }
  }

  // <tap-queue>: every tap on a form[data-tap] is a wish with a name of its own (`once`), kept in the phone until the box
  // has answered it. Sending it again changes nothing. A button with data-hold waits that many seconds first: what the box
  // cannot take back can be called off here.
  class TapQueue extends HTMLElement {
    connectedCallback() {
      this.touches = [{ at: -Infinity }, { at: -Infinity }];
      this.onTouch = (event) => this.touches.splice(0, 2, this.touches[1], { at: Date.now(), x: event.clientX, y: event.clientY });
      this.onSubmit = (event) => this.take(event);
      this.onSwap = () => this.mark();
      this.onBack = () => this.send();
      document.addEventListener("pointerdown", this.onTouch, true);
      document.addEventListener("submit", this.onSubmit, true);
      document.addEventListener("htmx:after:swap", this.onSwap);
      window.addEventListener("online", this.onBack);
      this.timer = setInterval(this.onBack, RETRY_MS);
      this.mark();
      this.send();
    }

    disconnectedCallback() {
      document.removeEventListener("pointerdown", this.onTouch, true);
      document.removeEventListener("submit", this.onSubmit, true);
      document.removeEventListener("htmx:after:swap", this.onSwap);
      window.removeEventListener("online", this.onBack);
      clearInterval(this.timer);
    }

    get waiting() {
      return JSON.parse(localStorage.getItem(QUEUE) || "[]");
    }

    keep(waiting) {
      localStorage.setItem(QUEUE, JSON.stringify(waiting));
      this.mark();
    }

    drop(tap) {
      this.keep(this.waiting.filter((other) => other.once !== tap.once));
    }

    take(event) {
      const form = event.target;
      if (!form.matches("form[data-tap]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const button = event.submitter || form.querySelector("button");
      if (this.isEcho()) return;
      const row = form.closest("[data-row]");
      const hold = Number(button.dataset.hold || 0) * 1000;
      const tap = {
        once: newNonce(),
        who: this.getAttribute("who"),
        url: button.getAttribute("formaction") || form.getAttribute("action"),
        body: new URLSearchParams(new FormData(form, button)).toString(),
        row: row ? row.dataset.row : "",
        after: Date.now() + hold,
      };
      const before = tap.row && this.waiting.find((other) => other.row === tap.row);
      if (before && before.after <= Date.now()) return; // its answer is on the way
      if (before) this.drop(before); // she changed her mind
      this.keep([...this.waiting, tap]);
      if (hold) this.offerUndo(tap, button);
      setTimeout(() => this.send(), hold);
    }

    // A double tap whose first half made the rows move up: the second half means nothing.
    isEcho() {
      const [before, now] = this.touches;
      this.touches = [{ at: -Infinity }, now];
      return now.at - before.at < SAME_TAP_MS && Math.abs(now.x - before.x) < SAME_TAP_PX && Math.abs(now.y - before.y) < SAME_TAP_PX;
    }

    offerUndo(tap, button) {
      const note = this.querySelector("template[data-note=held]").content.cloneNode(true);
      note.querySelector("[data-says]").textContent = button.dataset.says || button.textContent;
      note.querySelector("button").addEventListener("click", () => {
        this.drop(tap);
        document.getElementById("toast").replaceChildren();
      });
      document.getElementById("toast").replaceChildren(note);
    }

    mark() {
      const waiting = this.waiting;
      const rows = new Set(waiting.map((tap) => tap.row));
      for (const row of document.querySelectorAll("[data-row]")) row.classList.toggle("unsent", rows.has(row.dataset.row));
      const late = waiting.filter((tap) => tap.after <= Date.now() - RETRY_MS).length;
      const sign = this.querySelector("[data-late]");
      sign.hidden = !late;
      sign.querySelector("b").textContent = late;
    }

    async send() {
      if (this.sending) return;
      this.sending = true;
      try {
        for (let tap = this.next(); tap; tap = this.next()) {
          const answer = await fetch(tap.url, {
            method: "POST",
            headers: { "Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true" },
            body: `${tap.body}&once=${tap.once}`,
          });
          if (answer.redirected || answer.status === 401 || answer.status === 403) return this.askToLogIn();
          if (answer.status >= 500) return;
          const text = await answer.text();
          this.drop(tap);
          this.show(tap, answer.ok, text);
        }
      } catch {
        // The box is out of reach: the taps stay, and the timer tries again.
      } finally {
        this.sending = false;
        this.mark();
      }
    }

    next() {
      const who = this.getAttribute("who");
      return this.waiting.find((tap) => tap.who === who && tap.after <= Date.now());
    }

    show(tap, happened, text) {
      const row = tap.row && document.querySelector(`[data-row="${CSS.escape(tap.row)}"]`);
      const place = (!happened && row && row.querySelector("[data-why]")) || document.getElementById("toast");
      window.htmx.swap({ sourceElement: this, target: place, text, swap: "innerHTML" });
      if (happened) document.body.dispatchEvent(new CustomEvent("taps-sent"));
    }

    askToLogIn() {
      window.location.reload();
    }
  }

  customElements.define("wedge-scanner", WedgeScanner);
  customElements.define("scan-sheet", ScanSheet);
  customElements.define("quantity-stepper", QuantityStepper);
  customElements.define("passing-note", PassingNote);
  customElements.define("tap-queue", TapQueue);
})();
