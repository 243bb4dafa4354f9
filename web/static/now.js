// <now-serving>: asks the box every two seconds what it should show, rings when a number is called, and heals itself.
"use strict";

(() => {
  const EVERY = 2000;
  const LOST_AFTER = 6000;
  const NOTES = [[660, 0], [880, 0.18], [660, 0.36]];
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  class NowServing extends HTMLElement {
    connectedCallback() {
      this.board = this.querySelector("#board");
      this.button = this.querySelector("[data-sound]");
      this.heard = performance.now();
      this.button.addEventListener("click", () => this.wakeSpeaker());
      this.wakeSpeaker();
      this.timer = setInterval(() => this.look(), EVERY);
    }

    disconnectedCallback() {
      clearInterval(this.timer);
    }

    get now() {
      return this.board.firstElementChild;
    }

    async look() {
      if (this.asking) return;
      this.asking = true;
      try {
        const answer = await fetch(`/now/board?seen=${this.now?.dataset.seen ?? ""}`, { signal: AbortSignal.timeout(5000) });
        if (answer.status === 404) return location.reload(); // the shop takes no numbers any more, or takes them again
        if (!answer.ok) throw new Error(answer.status);
        this.heard = performance.now();
        document.documentElement.dataset.link = "ok";
        if (answer.status !== 204) this.show(await answer.text());
      } catch {
        if (performance.now() - this.heard > LOST_AFTER) document.documentElement.dataset.link = "lost";
      } finally {
        this.asking = false;
      }
    }

    show(text) {
      const before = this.now?.dataset.cue ?? "";
      const fresh = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
      if (!fresh?.dataset.seen) return;
      if (fresh.dataset.release !== document.documentElement.dataset.release) return location.reload();
      this.board.replaceChildren(document.adoptNode(fresh));
      const known = new Set(before.split("."));
      if (fresh.dataset.cue && fresh.dataset.cue.split(".").some((call) => !known.has(call))) this.ring();
    }

    wakeSpeaker() {
      this.speaker ??= window.AudioContext ? new AudioContext() : null;
      this.speaker?.resume().catch(() => {});
      setTimeout(() => (this.button.hidden = this.speaker?.state !== "suspended"), 300);
    }

    ring() {
      this.dataset.rung = String(Number(this.dataset.rung ?? 0) + 1);
      if (this.speaker?.state !== "running") return;
      for (const [pitch, after] of still.matches ? NOTES.slice(0, 1) : NOTES) {
        const start = this.speaker.currentTime + after;
        const tone = new OscillatorNode(this.speaker, { type: "triangle", frequency: pitch });
        const volume = new GainNode(this.speaker, { gain: 0 });
        volume.gain.setValueAtTime(0, start);
        volume.gain.linearRampToValueAtTime(0.35, start + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.001, start + 0.45);
        tone.connect(volume).connect(this.speaker.destination);
        tone.start(start);
        tone.stop(start + 0.5);
      }
    }
  }

  customElements.define("now-serving", NowServing);
})();
