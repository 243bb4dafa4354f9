// A refusal is said beside what was tapped: in the [data-why] of its form, and only without one in the page's #notice.
"use strict";

document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const place = ctx.sourceElement.querySelector("[data-why]");
  if (!place || !ctx.hx.retarget) return;
  ctx.hx.retarget = "";
  ctx.target = place;
});

document.addEventListener("htmx:before:request", (event) => {
  for (const place of [event.detail.ctx.sourceElement.querySelector("[data-why]"), document.getElementById("notice")]) {
    if (place) place.replaceChildren();
  }
});
