// What the desk needs beyond htmx: a plan's rows that are not ticked stay at home, a text is copied, and open menus close
// again.
"use strict";

(() => {
  // <plan-table>: only the rows with a tick are sent.
  class PlanTable extends HTMLElement {
    connectedCallback() {
      this.addEventListener("change", () => this.draw());
      this.draw();
    }

    draw() {
      for (const row of this.querySelectorAll("tbody tr")) {
        const ticked = row.querySelector("input[type=checkbox]").checked;
        row.classList.toggle("ticked", ticked);
        for (const field of row.querySelectorAll("input:not([type=checkbox]), select")) field.disabled = !ticked;
      }
    }
  }

  // <copy-text>: its first text goes to the clipboard. Over plain HTTP only the old command may do that.
  class CopyText extends HTMLElement {
    connectedCallback() {
      this.querySelector("[data-copy]").addEventListener("click", () => {
        this.querySelector("textarea").select();
        this.querySelector("[data-copied]").hidden = !document.execCommand("copy");
      });
    }
  }

  const closeMenus = (but) => {
    for (const menu of document.querySelectorAll("details.picker[open]")) if (!menu.contains(but)) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(null));
  document.addEventListener("click", (event) => event.target.closest("button[data-print]") && window.print());

  customElements.define("plan-table", PlanTable);
  customElements.define("copy-text", CopyText);
  document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // on a phone
})();
