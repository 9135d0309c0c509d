// Trends: a touch on a week says its figures through all charts; a second one, or Escape, takes them away.
(() => {
  const stack = document.querySelector(".trends-stack");
  if (!stack) return;
  const guides = stack.querySelector(".trends-guides");
  const picked = stack.querySelector(".trends-picked");
  const told = stack.querySelector(".trends-told");
  const weeks = [...stack.querySelectorAll(".trends-weeks li")].map((week) => week.textContent);
  const left = Number(stack.dataset.left);
  const column = Number(stack.dataset.column);
  const wide = guides.viewBox.baseVal.width;
  let shown = -1;

  const show = (index) => {
    shown = index in weeks && index !== shown ? index : -1;
    told.hidden = shown < 0;
    told.textContent = shown < 0 ? "" : weeks[shown];
    picked.classList.toggle("on", shown >= 0);
    if (shown >= 0) picked.setAttribute("x", left + shown * column);
  };

  stack.addEventListener("click", (event) => {
    if (event.target.closest("summary, .wide, a")) return;
    const box = guides.getBoundingClientRect();
    show(Math.floor((((event.clientX - box.left) / box.width) * wide - left) / column));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(-1);
  });
})();
