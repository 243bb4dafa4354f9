/* What the kiosk does by itself for a moment: count down, take digits, sound and speak, listen to a scanner that types,
   and heal. */

const still = matchMedia("(prefers-reduced-motion: reduce)");
const stage = () => document.getElementById("stage");
const view = () => document.getElementById("view");

/* Ask the box what to show. When a view of this screen alone ends, nothing counts as seen, so that what lies behind it
   is drawn. */
function look(viewEnds) {
  if (viewEnds && view()) view().elements.seen.value = "";
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
    const ask = () => (this.hasAttribute("go") ? anew(this.getAttribute("go")) : look(this.hasAttribute("view-ends")));
    ask();
    this.asking = setInterval(ask, 1000); // until the box, which has the last word, has moved on
  }
}

class DigitPad extends HTMLElement {
  connectedCallback() {
    this.length = Number(this.getAttribute("length")) || 8;
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
    this.input.value = key === "clear" ? "" : key === "back" ? digits.slice(0, -1) : (digits + key).slice(0, this.length);
    this.boxes.forEach((box, index) => (box.textContent = this.input.value[index] ?? ""));
    if (this.input.value.length === this.length) {
      this.sent = true;
      this.dispatchEvent(new CustomEvent("complete"));
    }
  }
}

/* A hand scanner is a keyboard that types fast and ends with Enter. A person at a number pad is welcome too: her digits
   are those after which nothing comes at once, or the digits inside a scanned code would fill the pad. */
const TOO_FAST = 50;

class TypingScanner extends HTMLElement {
  connectedCallback() {
    this.text = "";
    this.last = 0;
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.onkey);
    clearTimeout(this.slowly);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const gap = event.timeStamp - this.last;
    this.last = event.timeStamp;
    clearTimeout(this.slowly);
    if (gap > 300) this.text = "";
    const key = /^[0-9]$/.test(event.key) ? event.key : event.key === "Backspace" ? "back" : null;
    if (key && gap > TOO_FAST) this.slowly = setTimeout(() => document.querySelector("digit-pad")?.press(key), TOO_FAST);
    if (event.key.length === 1) this.text += event.key;
    if (event.key !== "Enter" || this.text.length < 8) return;
    event.preventDefault();
    this.setAttribute("hx-vals", JSON.stringify({ code: this.text.slice(0, 512) }));
    this.text = "";
    this.dispatchEvent(new CustomEvent("scanned"));
  }
}

/* The page once more, in the place of this one: nothing that was here is behind the back button. Only when the box
   answers, so that no browser ever shows its own white page. */
let going = false;

async function anew(address = location.href) {
  if (going) return;
  going = true;
  try {
    const answer = await fetch(address, { method: "GET", cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (answer.ok) return location.replace(address);
  } catch {
    // the box is away: what stands here is better than nothing
  }
  going = false;
}

class GoThere extends HTMLElement {
  connectedCallback() {
    anew(this.getAttribute("to"));
    this.again = setInterval(() => anew(this.getAttribute("to")), 2000);
  }

  disconnectedCallback() {
    clearInterval(this.again);
  }
}

/* Speech: pieces from the box, one after the other, or a voice of the browser's own. What is new on the screen silences
   what was being said of the old. */
const heard = new Map();
let saying = 0;
let voices = [];

async function piece(name) {
  if (!heard.has(name)) {
    const k = new URLSearchParams(location.search).get("k") ?? "k1";
    const answer = await fetch(`/kiosk/say/${name}?k=${encodeURIComponent(k)}`);
    if (answer.status !== 200) return null;
    if (heard.size > 80) heard.clear();
    heard.set(name, await shopSounds.open().decodeAudioData(await answer.arrayBuffer()));
  }
  return heard.get(name);
}

function hush() {
  saying += 1;
  voices.forEach((voice) => voice.stop());
  voices = [];
  window.speechSynthesis?.cancel();
}

async function say(names) {
  const turn = saying;
  const speaker = shopSounds.open();
  let start = speaker.currentTime + 0.45; // after the sound
  try {
    for (const name of names) {
      const sound = await piece(name);
      if (turn !== saying) return;
      if (!sound) continue;
      start = Math.max(start, speaker.currentTime + 0.05);
      const voice = new AudioBufferSourceNode(speaker, { buffer: sound });
      voice.connect(speaker.destination);
      voice.start(start);
      voices.push(voice);
      start += sound.duration + 0.1;
    }
  } catch {
    // silence; the screen says it
  }
}

function sayByItself(words) {
  const lang = document.documentElement.lang.slice(0, 2);
  const voice = window.speechSynthesis?.getVoices().find((one) => one.localService && one.lang.startsWith(lang));
  if (!voice) return; // a voice from the network would tell somebody else who is here
  const sentence = new SpeechSynthesisUtterance(words);
  sentence.voice = voice;
  sentence.lang = voice.lang;
  sentence.rate = 0.9;
  window.speechSynthesis.speak(sentence);
}

let cue = "";

function announce() {
  const now = view();
  if (!now || now.dataset.cue === cue) return;
  hush();
  if (cue) {
    shopSounds.play(now.dataset.sound);
    if (now.dataset.say) say(now.dataset.say.split(" "));
    if (now.dataset.words) sayByItself(now.dataset.words);
  }
  cue = now.dataset.cue;
}

customElements.define("countdown-ring", CountdownRing);
customElements.define("digit-pad", DigitPad);
customElements.define("typing-scanner", TypingScanner);
customElements.define("go-there", GoThere);

announce();

/* The stage asks with what stands on the screen when the question leaves, not when it was first thought of: a tap may
   have changed the screen in between, and what is already there must not be drawn a second time. */
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.sourceElement.id === "strip" && document.hidden) ctx.request.action += "&hidden=1";
  if (ctx.sourceElement.id !== "stage" || !view()) return;
  const address = new URL(ctx.request.action, location.href);
  for (const name of new FormData(view()).keys()) address.searchParams.delete(name);
  for (const [name, value] of new FormData(view())) address.searchParams.append(name, value);
  ctx.request.action = address.pathname + address.search;
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id !== "stage") return;
  announce();
  document.getElementById("notice").replaceChildren(); // what went wrong is over when the stage could be drawn
});

/* Healing. The strip asks every ten seconds, which is also this screen's sign of life to the box. Without an answer for a
   minute, or with nothing on the stage, the page begins anew as soon as the box can be reached. */
const UNANSWERED = 60_000;
let answered = performance.now();

document.addEventListener("htmx:after:request", (event) => {
  const { status } = event.detail.ctx.response ?? {};
  if (status && status < 400) answered = performance.now();
});
setInterval(() => (performance.now() - answered > UNANSWERED || !view()) && anew(), 5000);

/* A tap that got no answer: the box is away for a moment. The button is not dead, and it says so. */
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx?.request?.method === "POST") document.documentElement.dataset.link = "lost";
});

/* A screen that was dark, or came back out of the browser's memory, shows what is true now. */
document.addEventListener("visibilitychange", () => document.hidden || look());
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  stage().replaceChildren();
  anew();
});
addEventListener("pagehide", () => stage().replaceChildren()); // nobody's name in what a browser keeps of a page

document.addEventListener("click", (event) => event.target.closest("[data-view-ends]") && look(true));
document.addEventListener("contextmenu", (event) => event.preventDefault());
document.addEventListener("dragstart", (event) => event.preventDefault());
