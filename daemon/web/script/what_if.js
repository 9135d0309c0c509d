// Sliders beside the numbers of "What if?", and a verdict that follows them.
(() => {
  const form = document.querySelector("[data-what-if]");
  if (!form || !window.fetch || !window.AbortController) return;
  const page = document.querySelector(".what-if-page");
  const sliders = [...form.querySelectorAll(".what-if-slider")];
  const PAUSE_MS = 120;
  const ADDRESS_MS = 400;
  let waiting = 0;
  let resting = 0;
  let addressedAt = 0;
  let asking = null;

  const addressed = () => `${form.action}?${new URLSearchParams(new FormData(form))}`;

  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const parts = [...fresh.querySelectorAll("[data-part]")];
    if (!parts.length) {
      // Something else than a verdict: most likely the page to sign in.
      window.location.assign(addressed());
      return;
    }
    const open = page.querySelector("details[open]") !== null;
    for (const part of parts) {
      const old = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
    }
    page.querySelectorAll("details").forEach((one) => { one.open = open; });
  };

  // What the server said beside a field holds for the figures it was asked about.
  const mark = () => {
    form.querySelectorAll("p.wrong").forEach((one) => one.remove());
    for (const slider of sliders) {
      const number = form.elements[slider.dataset.of];
      if (number.validity.valid) number.removeAttribute("aria-invalid");
      else number.setAttribute("aria-invalid", "true");
    }
  };

  // Browsers allow only so many changes of an address in a while.
  const remember = (address) => {
    window.clearTimeout(resting);
    resting = window.setTimeout(() => {
      addressedAt = Date.now();
      window.history.replaceState(null, "", address);
    }, Math.max(0, addressedAt + ADDRESS_MS - Date.now()));
  };

  const ask = async () => {
    if (asking) asking.abort();
    asking = new AbortController();
    const address = addressed();
    try {
      const answer = await fetch(address, {
        headers: { "X-Part": "verdict" },
        signal: asking.signal,
        credentials: "same-origin",
      });
      show(await answer.text());
      mark();
      remember(address);
      page.classList.remove("what-if-stale");
    } catch (error) {
      if (error.name === "AbortError") return;
      const words = page.querySelector('[data-part="words"]');
      words.textContent = "niggled does not answer just now.";
    }
  };

  const soon = () => {
    page.classList.add("what-if-stale");
    window.clearTimeout(waiting);
    waiting = window.setTimeout(ask, PAUSE_MS);
  };

  for (const slider of sliders) {
    const number = form.elements[slider.dataset.of];
    const follow = () => {
      slider.value = number.value;
      slider.setAttribute("aria-valuetext", `${number.value} ${slider.dataset.unit}`);
    };
    slider.hidden = false;
    follow();
    slider.addEventListener("input", () => {
      number.value = slider.value;
      slider.setAttribute("aria-valuetext", `${slider.value} ${slider.dataset.unit}`);
      soon();
    });
    number.addEventListener("input", () => { follow(); soon(); });
  }
  form.classList.add("what-if-alive");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.clearTimeout(waiting);
    ask();
  });
})();
