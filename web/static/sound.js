// Three sounds: two steps up for ok, one note for look, two steps down for stop. <shop-sound play="ok"> is heard once,
// when it arrives; `shopSounds.play("ok")` at once. A page that nobody has touched may not speak: a kiosk's browser may.
"use strict";

const shopSounds = (() => {
  const NOTES = { ok: [[660, 0], [880, 0.12]], look: [[740, 0]], stop: [[440, 0], [330, 0.16]] };
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let speaker;

  function open() {
    speaker ??= new AudioContext();
    if (speaker.state === "suspended") speaker.resume().catch(() => {});
    return speaker;
  }

  function play(name) {
    const notes = NOTES[name];
    if (!notes || !window.AudioContext) return;
    open();
    for (const [pitch, after] of still.matches ? notes.slice(0, 1) : notes) note(pitch, speaker.currentTime + after);
  }

  function note(pitch, start) {
    const tone = new OscillatorNode(speaker, { type: "triangle", frequency: pitch });
    const volume = new GainNode(speaker, { gain: 0 });
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    tone.connect(volume).connect(speaker.destination);
    tone.start(start);
    tone.stop(start + 0.32);
  }

  class ShopSound extends HTMLElement {
    connectedCallback() {
      if (navigator.userActivation?.hasBeenActive) play(this.getAttribute("play"));
    }
  }

  customElements.define("shop-sound", ShopSound);
  return { open, play };
})();
