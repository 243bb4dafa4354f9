// The camera's picture is drawn as it comes, and the tray over it is drawn with the mouse, a finger or numbers.
"use strict";

(() => {
  const EDGES = ["x", "y", "width", "height"];

  // <aim-tray>: the rectangle and the four numbers are the same thing.
  class AimTray extends HTMLElement {
    connectedCallback() {
      this.fields = EDGES.map((name) => this.querySelector(`input[name=${name}]`));
      this.finder = this.querySelector(".finder");
      this.addEventListener("input", () => this.draw());
      this.finder.addEventListener("pointerdown", (event) => this.begin(event));
      this.finder.addEventListener("pointermove", (event) => this.from && this.reach(event));
      for (const end of ["pointerup", "pointercancel"]) this.finder.addEventListener(end, () => (this.from = null));
      this.draw();
    }

    at(event) {
      const box = this.finder.getBoundingClientRect();
      const share = (value, start, size) => Math.min(100, Math.max(0, (100 * (value - start)) / size));
      return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
    }

    begin(event) {
      event.preventDefault();
      this.finder.setPointerCapture(event.pointerId);
      this.from = this.at(event);
    }

    reach(event) {
      const to = this.at(event);
      const start = [0, 1].map((axis) => Math.min(this.from[axis], to[axis]));
      const size = [0, 1].map((axis) => Math.abs(this.from[axis] - to[axis]));
      if (Math.min(...size) < 10) return; // a touch is no tray
      [...start, ...size].forEach((value, edge) => (this.fields[edge].value = Math.floor(value * 10) / 10));
      this.draw();
    }

    draw() {
      const [x, y, width, height] = this.fields.map((field) => Number(field.value) || 0);
      const frame = this.querySelector("svg rect");
      EDGES.forEach((name, edge) => frame.setAttribute(name, [x, y, width, height][edge]));
      this.querySelector("svg .outside").setAttribute("d", `M0 0H100V100H0Z M${x} ${y}h${width}v${height}h${-width}Z`);
    }
  }

  // <camera-picture jpeg="…">: goes onto the canvas beside it, and is gone.
  class CameraPicture extends HTMLElement {
    async connectedCallback() {
      const bytes = Uint8Array.from(atob(this.getAttribute("jpeg")), (letter) => letter.charCodeAt(0));
      this.removeAttribute("jpeg");
      const canvas = this.closest("aim-tray").querySelector("canvas");
      const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
      if (canvas.width !== picture.width) canvas.width = picture.width;
      if (canvas.height !== picture.height) canvas.height = picture.height;
      canvas.getContext("2d").drawImage(picture, 0, 0);
      picture.close();
    }
  }

  customElements.define("aim-tray", AimTray);
  customElements.define("camera-picture", CameraPicture);
})();
