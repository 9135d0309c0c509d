// Strength: ticks that survive a reload, a clock for holds and rests, and how many are done.
(() => {
  const form = document.querySelector("form[data-strength]");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=group]")];
  const name = `strength:${form.dataset.strength}`;
  const names = boxes.map((box) => box.closest("section").querySelector("h3").textContent);
  const finish = form.querySelector("[data-done]");

  const kept = () => {
    try {
      return JSON.parse(sessionStorage.getItem(name)) || [];
    } catch {
      return [];
    }
  };
  const keep = () => {
    const ticked = names.filter((_, place) => boxes[place].checked);
    try {
      sessionStorage.setItem(name, JSON.stringify(ticked));
    } catch {
      // A browser that keeps nothing: the ticks last as long as the page.
    }
    const some = ticked.length > 0 && ticked.length < boxes.length;
    finish.textContent = some ? `Done: ${ticked.length} of ${boxes.length}` : `Done: all ${boxes.length}`;
  };
  const before = kept();
  boxes.forEach((box, place) => {
    if (before.includes(names[place])) box.checked = true;
    box.addEventListener("change", keep);
  });
  keep();
  form.addEventListener("submit", () => {
    try {
      sessionStorage.removeItem(name);
    } catch {
      // As above.
    }
  });

  const screen = { lock: null };
  const awake = async (on) => {
    try {
      if (on && navigator.wakeLock) screen.lock = await navigator.wakeLock.request("screen");
      if (!on && screen.lock) await screen.lock.release();
    } catch {
      // The screen may go dark; the clock goes on.
    }
  };
  let stopOther = () => {};

  form.querySelectorAll(".strength-timer").forEach((timer, place) => {
    const part = (kind) => timer.querySelector(`.strength-${kind}`);
    const [digits, phase, hold, rest, stop] = ["digits", "phase", "hold", "rest", "stop"].map(part);
    const status = timer.querySelector("[role=status]");
    const sets = Number(timer.dataset.sets);
    let held = 0;
    let ticking = 0;
    timer.hidden = false;

    const idle = () => {
      clearInterval(ticking);
      ticking = 0;
      [digits, phase, stop].forEach((one) => (one.hidden = true));
      if (hold) hold.hidden = false;
      rest.hidden = false;
      awake(false);
      stopOther = () => {};
    };
    const run = (seconds, words, over) => {
      stopOther();
      stopOther = idle;
      const end = Date.now() + seconds * 1000;
      const show = () => {
        const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
        digits.textContent = left;
        if (left > 0) return;
        idle();
        if (navigator.vibrate) navigator.vibrate([250, 120, 250]);
        over();
      };
      [digits, phase, stop].forEach((one) => (one.hidden = false));
      if (hold) hold.hidden = true;
      rest.hidden = true;
      phase.textContent = words;
      status.textContent = "";
      show();
      ticking = setInterval(show, 200);
      awake(true);
      stop.focus();
    };
    const say = (words) => {
      status.textContent = words;
      phase.textContent = words;
      phase.hidden = false;
    };
    if (hold) {
      hold.addEventListener("click", () => {
        const set = (held % sets) + 1;
        run(Number(timer.dataset.hold), `Hold, set ${set} of ${sets}`, () => {
          held += 1;
          if (held === sets) {
            boxes[place].checked = true;
            keep();
            say(`All ${sets} sets held.`);
            boxes[place].focus();
          } else {
            say(`Set ${set} of ${sets} held. Rest.`);
            rest.focus();
          }
        });
      });
    }
    rest.addEventListener("click", () => {
      run(Number(timer.dataset.rest), "Rest", () => {
        say("Rested: next set within half a minute.");
        (hold || rest).focus();
      });
    });
    stop.addEventListener("click", () => {
      idle();
      (hold || rest).focus();
    });
  });
})();
