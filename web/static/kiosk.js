/* What the kiosk does by itself for a moment: count down, take digits, make three sounds, listen to a scanner that types. */

const still = matchMedia("(prefers-reduced-motion: reduce)");
const stage = () => document.getElementById("stage");

/* Ask the box what to show. When a view of this screen alone ends, nothing counts as seen, so that what lies behind it
   is drawn. */
function look(viewEnds) {
  if (viewEnds) document.getElementById("view").elements.seen.value = "";
  stage().dispatchEvent(new CustomEvent("look"));
}

class CountdownRing extends HTMLElement {
  connectedCallback() {
    const left = Number(this.getAttribute("left"));
    const lasts = Math.max(Number(this.getAttribute("lasts")), left);
    this.end = performance.now() + left;
    this.seconds = this.querySelector("[data-seconds]");
    const arc = this.querySelector("circle.left");
    const share = (ms) => `${(100 * Math.max(ms, 0)) / lasts} 100`;
    if (still.matches) {
      this.draw = () => arc.setAttribute("stroke-dasharray", share(this.end - performance.now()));
    } else {
      arc.animate([{ strokeDasharray: share(left) }, { strokeDasharray: "0 100" }], { duration: left, fill: "forwards" });
    }
    this.tick();
    this.timer = setInterval(() => this.tick(), 250);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    clearInterval(this.asking);
  }

  tick() {
    const left = this.end - performance.now();
    const seconds = String(Math.max(0, Math.ceil(left / 1000)));
    if (this.seconds.textContent !== seconds) this.seconds.textContent = seconds;
    this.draw?.();
    if (left > 0 || this.asking) return;
    if (this.hasAttribute("go")) return location.replace(this.getAttribute("go"));
    const ask = () => look(this.hasAttribute("view-ends"));
    ask();
    this.asking = setInterval(ask, 1000); // until the box, which has the last word, has moved on
  }
}

class DigitPad extends HTMLElement {
  connectedCallback() {
    this.boxes = document.querySelectorAll("output.digits b");
    this.input = this.querySelector("input");
    this.addEventListener("click", (event) => this.press(event.target.closest("[data-key]")?.dataset.key));
  }

  disconnectedCallback() {
    clearTimeout(this.forget);
  }

  press(key) {
    if (key === undefined || this.sent) return;
    clearTimeout(this.forget);
    if (key !== "clear") this.forget = setTimeout(() => this.press("clear"), 20_000); // somebody walked away
    const digits = this.input.value;
    this.input.value = key === "clear" ? "" : key === "back" ? digits.slice(0, -1) : (digits + key).slice(0, 8);
    this.boxes.forEach((box, index) => (box.textContent = this.input.value[index] ?? ""));
    if (this.input.value.length === 8) {
      this.sent = true;
      this.dispatchEvent(new CustomEvent("complete"));
    }
  }
}

/* A hand scanner is a keyboard that types fast and ends with Enter. A person at a number pad is welcome too. */
class TypingScanner extends HTMLElement {
  connectedCallback() {
    this.text = "";
    this.last = 0;
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.onkey);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const pad = document.querySelector("digit-pad");
    if (pad && /^[0-9]$/.test(event.key)) pad.press(event.key);
    if (pad && event.key === "Backspace") pad.press("back");
    if (event.timeStamp - this.last > 300) this.text = "";
    this.last = event.timeStamp;
    if (event.key.length === 1) this.text += event.key;
    if (event.key !== "Enter" || this.text.length < 12) return;
    event.preventDefault();
    this.setAttribute("hx-vals", JSON.stringify({ code: this.text.slice(0, 512) }));
    this.text = "";
    this.dispatchEvent(new CustomEvent("scanned"));
  }
}

/* Three sounds: two steps up for ok, one note for look, two steps down for stop. */
const SOUNDS = { ok: [[660, 0], [880, 0.12]], look: [[740, 0]], stop: [[440, 0], [330, 0.16]] };
let speaker;
let cue = "";

function sound(name) {
  const notes = SOUNDS[name];
  if (!notes || !window.AudioContext) return;
  speaker ??= new AudioContext();
  if (speaker.state === "suspended") speaker.resume().catch(() => {}); // no one has touched the screen yet: stay silent
  for (const [pitch, after] of still.matches ? notes.slice(0, 1) : notes) {
    const start = speaker.currentTime + after;
    const tone = new OscillatorNode(speaker, { type: "triangle", frequency: pitch });
    const volume = new GainNode(speaker, { gain: 0 });
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    tone.connect(volume).connect(speaker.destination);
    tone.start(start);
    tone.stop(start + 0.32);
  }
}

function announce() {
  const view = document.getElementById("view");
  if (!view || view.dataset.cue === cue) return;
  if (cue) sound(view.dataset.sound);
  cue = view.dataset.cue;
}

customElements.define("countdown-ring", CountdownRing);
customElements.define("digit-pad", DigitPad);
customElements.define("typing-scanner", TypingScanner);

announce();
/* The stage asks with what stands on the screen when the question leaves, not when it was first thought of: a tap may
   have changed the screen in between, and what is already there must not be drawn a second time. */
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  const view = document.getElementById("view");
  if (ctx.sourceElement.id !== "stage" || !view) return;
  const address = new URL(ctx.request.action, location.href);
  for (const name of new FormData(view).keys()) address.searchParams.delete(name);
  for (const [name, value] of new FormData(view)) address.searchParams.append(name, value);
  ctx.request.action = address.pathname + address.search;
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id !== "stage") return;
  announce();
  document.getElementById("notice").replaceChildren(); // what went wrong is over when the stage could be drawn
});
document.addEventListener("click", (event) => event.target.closest("[data-view-ends]") && look(true));
document.addEventListener("contextmenu", (event) => event.preventDefault());
document.addEventListener("dragstart", (event) => event.preventDefault());
