/* What every page needs to stay true: one stream of events, and the beat of the lamps.

   <live-updates topics="kiosk,box" since="…"> hears that a topic changed and says so on the page as an event `live:kiosk`;
   parts of the page ask again by hx-trigger="live:kiosk from:body". One stream serves a whole page, carries no content,
   and its state stands on <html data-link="ok|lost">. It is a small element of our own because htmx's extension ties
   a stream to a swap target, while here each part of a page decides what to do. */

const SILENCE = 40_000; // the box says something every 15 seconds
const LOST_AFTER = 1500; // a restart of the box shorter than this is nobody's business

class LiveUpdates extends HTMLElement {
  connectedCallback() {
    this.pause = 1000;
    this.retry = setTimeout(() => this.open()); // after htmx has begun to listen, which takes a timer of its own
    this.watch = setInterval(() => this.heard + SILENCE < performance.now() && this.again(), 5000);
    this.back = () => document.visibilityState === "visible" && this.source?.readyState === EventSource.CLOSED && this.again();
    document.addEventListener("visibilitychange", this.back);
  }

  disconnectedCallback() {
    clearInterval(this.watch);
    clearTimeout(this.retry);
    clearTimeout(this.doubt);
    document.removeEventListener("visibilitychange", this.back);
    this.source?.close();
  }

  open() {
    const topics = this.getAttribute("topics");
    const query = new URLSearchParams({ topics, since: this.since ?? this.getAttribute("since") });
    this.heard = performance.now();
    this.source = new EventSource(`/live?${query}`);
    this.source.addEventListener("hello", (event) => this.hello(event));
    this.source.addEventListener("beat", () => this.note());
    for (const topic of topics.split(",")) {
      this.source.addEventListener(topic, (event) => {
        this.note(event);
        document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
      });
    }
    this.source.onerror = () => this.lost();
  }

  hello(event) {
    this.note(event);
    this.pause = 1000;
    clearTimeout(this.doubt);
    this.doubt = null;
    document.documentElement.dataset.link = "ok";
    if (event.data !== document.documentElement.dataset.release) location.reload(); // the box has a new release
  }

  note(event) {
    this.heard = performance.now();
    if (event?.lastEventId) this.since = event.lastEventId;
  }

  lost() {
    this.doubt ??= setTimeout(() => (document.documentElement.dataset.link = "lost"), LOST_AFTER);
    if (this.source.readyState === EventSource.CLOSED) this.again(); // else the browser itself tries again
  }

  again() {
    this.source.close();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), this.pause);
    this.heard = performance.now() + this.pause;
    this.pause = Math.min(this.pause * 2, 10_000);
  }
}

/* The lamps count their rhythm from the epoch, and so does every picture of them. */
const BLINK = 500;

function beat() {
  const now = Date.now();
  document.documentElement.dataset.beat = Math.floor(now / BLINK) % 2 ? "off" : "on";
  setTimeout(beat, BLINK - (now % BLINK));
}

customElements.define("live-updates", LiveUpdates);
beat();
