// What a phone in one hand, or a scanner in full hands, must do by itself: hear a scanner that types, open a sheet, step a
// number. Everything else is drawn by the box; taps and scans go through taps.js.
"use strict";

(() => {
  const SCAN_GAP_MS = 300; // a scanner never hesitates that long, not even over a bad radio
  const SCAN_LENGTH = 4;
  const SCAN_LENGTH_IN_FIELD = 8; // nobody types so long a number of units
  const SAME_SCAN_MS = 700; // a trigger held too long reads the same code again

  // Places of keys whose character an input method swallows: without and with the shift key.
  const PLACES = { Semicolon: ";:", Minus: "-_", Period: ".>", Slash: "/?", Equal: "=+", Space: "  " };

  // A key of a scanner as the character it means. A Chinese input method swallows `key`, but not where the key sits.
  const characterOf = (event) => {
    if (event.key.length === 1) return event.key;
    if (event.key !== "Process") return "";
    const place = /^(?:Digit|Numpad|Key)(\w)$/.exec(event.code);
    return place ? place[1] : (PLACES[event.code] ?? "").charAt(event.shiftKey ? 1 : 0);
  };

  const scanned = (text) => document.querySelector("wedge-scanner").send(text);

  // <wedge-scanner>: a scanner that types is heard anywhere on the page. What the shop prints for itself goes to the form
  // `scan`, everything else to the form `other`; in both the text goes into the field named "text".
  class WedgeScanner extends HTMLElement {
    connectedCallback() {
      this.forget();
      this.before = { text: "", at: -Infinity };
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
      if (event.key === "Enter" || event.key === "Tab") {
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
      const again = text === this.before.text && Date.now() - this.before.at < SAME_SCAN_MS;
      this.before = { text, at: Date.now() };
      if (again) return;
      const form = document.getElementById(/^TH1?:/i.test(text) ? "scan" : this.getAttribute("other"));
      form.elements.text.value = text;
      form.requestSubmit();
    }
  }

  // <scan-sheet>: the large button, and the sheet that opens under the thumb to type what could not be scanned, or to take
  // a photograph of it.
  class ScanSheet extends HTMLElement {
    connectedCallback() {
      const sheet = this.querySelector("dialog");
      this.querySelector("button[data-open]").addEventListener("click", () => {
        sheet.querySelector("#photo-said").replaceChildren();
        sheet.showModal();
        sheet.querySelector("input[name=text]").select();
      });
      sheet.addEventListener("click", (event) => {
        if (event.target === sheet || event.target.closest("[data-close]")) sheet.close();
      });
      sheet.addEventListener("submit", (event) => event.target.matches("[data-photo]") || sheet.close());
      sheet.querySelector("#photo").addEventListener("change", (event) => {
        event.target.form.requestSubmit();
        event.target.value = ""; // so that the same picture can be tried again
      });
    }
  }

  // <scan-found text="…">: the one code in a photograph, scanned as soon as it arrives.
  class ScanFound extends HTMLElement {
    connectedCallback() {
      this.closest("dialog").close();
      scanned(this.getAttribute("text"));
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

  // A button that shows or hides what it controls, or that scans a text for her.
  document.addEventListener("click", (event) => {
    const scans = event.target.closest("button[data-scans]");
    if (scans) {
      scans.closest("dialog")?.close();
      scanned(scans.dataset.scans);
      return;
    }
    if (event.target.closest("button[data-print]")) window.print();
    const button = event.target.closest("button[data-shows]");
    if (!button) return;
    const panel = document.getElementById(button.dataset.shows);
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
  });

  // A field that leaves only the rows of a list with its words in them, also after the list was drawn again.
  const sift = () => {
    for (const field of document.querySelectorAll("input[data-filter]")) {
      const words = field.value.toLowerCase().split(/\s+/);
      for (const row of document.getElementById(field.dataset.filter).children) {
        row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
      }
    }
  };
  document.addEventListener("input", (event) => event.target.matches("[data-filter]") && sift());
  document.addEventListener("htmx:after:swap", sift);

  // <passing-note seconds="5">: says something and goes by itself.
  class PassingNote extends HTMLElement {
    connectedCallback() {
      this.timer = setTimeout(() => this.remove(), Number(this.getAttribute("seconds")) * 1000);
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
    }
  }

  // <picker-lamp>: the rhythm of her lamps, counted from the epoch as the lamps do.
  class PickerLamp extends HTMLElement {
    connectedCallback() {
      this.style.animationDelay = `${-(Date.now() % 2000)}ms`;
    }
  }

  customElements.define("wedge-scanner", WedgeScanner);
  customElements.define("scan-sheet", ScanSheet);
  customElements.define("scan-found", ScanFound);
  customElements.define("quantity-stepper", QuantityStepper);
  customElements.define("passing-note", PassingNote);
  customElements.define("picker-lamp", PickerLamp);
})();
