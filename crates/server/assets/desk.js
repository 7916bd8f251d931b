"use strict";
(() => {
  const d = document, body = d.body, page = body.dataset.page;
  const one = (selector) => d.querySelector(selector);
  // The server's time may be another than this machine's: a simulated one stays where it was put.
  const skew = Number(d.documentElement.dataset.now) - Date.now();
  const errors = one("#errors");
  if (errors) errors.focus();

  const tick = () => {
    if (d.hidden) return;
    for (const place of d.querySelectorAll("[data-tick]")) {
      const left = Math.abs(Number(place.dataset.tick) - Date.now() - skew);
      let minutes = Math.floor(left / 60000);
      for (const [kind, size] of [["d", 1440], ["h", 60], ["m", 1]]) {
        const number = place.querySelector(`[data-n=${kind}]`);
        if (!number) continue;
        const count = Math.floor(minutes / size);
        minutes -= count * size;
        number.textContent = count;
      }
    }
  };
  setInterval(tick, 60000);
  d.addEventListener("visibilitychange", tick);

  const news = one("#news");
  if (news && body.dataset.live && window.EventSource) {
    const live = new EventSource(body.dataset.live);
    live.addEventListener("case", () => { news.hidden = false; live.close(); });
  }

  for (const select of d.querySelectorAll("[data-auto]")) select.addEventListener("change", () => select.form.requestSubmit());
  const go = one("[data-go]");
  if (go) go.hidden = true;

  const rows = [...d.querySelectorAll("tr.row")];
  let at = rows.findIndex((row) => row.classList.contains("sel"));
  const select = (to) => {
    if (!rows.length) return;
    rows[at]?.classList.remove("sel");
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows[at].classList.add("sel");
    rows[at].querySelector("a").focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const visit = (href) => { if (href) location.href = href; };
  const click = (selector) => { const target = one(selector); if (target) target.click(); return Boolean(target); };

  d.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.metaKey) return;
    const field = event.target.closest("input,textarea,select");
    if (event.ctrlKey) {
      if (event.key === "Enter" && field?.form && page === "form") field.form.requestSubmit();
      return;
    }
    if (event.code === "Escape") {
      if (field) field.blur();
      else if (!d.querySelector("details[open]")) click("[data-close]");
      for (const open of d.querySelectorAll(".menu[open]")) open.open = false;
      return;
    }
    if (field || event.target.closest("button,summary")) return;
    let done = true;
    if (event.key === "/") one("#q")?.focus();
    else if (page === "list" && ["KeyJ", "ArrowDown"].includes(event.code)) select(at + 1);
    else if (page === "list" && ["KeyK", "ArrowUp"].includes(event.code)) select(at - 1);
    else if (page === "list" && event.code === "Space" && at >= 0) visit(rows[at].dataset.peek);
    else if (page === "list" && event.code === "KeyN") done = click(".phead .btn");
    else if (page === "list" && /^Digit[0-4]$/.test(event.code)) visit(event.code === "Digit0" ? "/desk" : one(`[data-key="${event.code[5]}"]`)?.href);
    else if (page === "case" && event.code === "KeyE") done = click(".next .btn.p");
    else if (page === "case" && event.code === "KeyU") visit(body.dataset.paper);
    else if (page === "case" && event.code === "KeyM") visit(body.dataset.note);
    else done = false;
    if (done) event.preventDefault();
  });
})();
