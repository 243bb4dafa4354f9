// <shop-sound play="ok|look|stop">: heard once, when it arrives. Two steps up, one note, two steps down.
"use strict";

(() => {
  const NOTES = { ok: [[660, 0], [880, 0.12]], look: [[740, 0]], stop: [[440, 0], [330, 0.16]] };
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let speaker;

  class ShopSound extends HTMLElement {
    connectedCallback() {
      const notes = NOTES[this.getAttribute("play")];
      if (!notes || !navigator.userActivation?.hasBeenActive) return; // nobody has touched the page yet: it may not speak
      speaker ??= new AudioContext();
      for (const [pitch, after] of still.matches ? notes.slice(0, 1) : notes) this.play(pitch, speaker.currentTime + after);
    }

    play(pitch, start) {
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

  customElements.define("shop-sound", ShopSound);
})();
