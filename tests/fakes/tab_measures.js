// Read by tab.py: functions that look at the page they run in.

const ALL = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";

function name(element) {
  const words = (element.getAttribute("aria-label") || element.innerText || element.value || element.name || "").trim();
  const all = [...document.querySelectorAll(ALL)];
  return `${element.localName} ${words.replace(/\s+/g, " ").slice(0, 40)} #${all.indexOf(element)}`;
}

function shown(element) {
  return element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
}

// What is only drawn while it has the focus (a skip link) is no target for a finger.
function onScreen(box) {
  return box.width > 1 && box.height > 1 && box.right > 0 && box.bottom + window.scrollY > 0;
}

function insideText(element) {
  if (element.localName !== "a" || !getComputedStyle(element).display.startsWith("inline")) return false;
  const around = element.closest("p, li, td, th, dd, dt, figcaption, div, span");
  return around !== null && around.innerText.trim().length > element.innerText.trim().length;
}

// A control and the label that stands for it are one target.
function box(element) {
  const boxes = [element, ...(element.labels || [])].map((one) => one.getBoundingClientRect()).filter(onScreen);
  if (!boxes.length) return null;
  return boxes.reduce((a, b) => (a.width * a.height >= b.width * b.height ? a : b));
}

function targets() {
  return [...document.querySelectorAll(ALL)]
    .filter((element) => shown(element) && !element.disabled && element.tabIndex >= 0 && !insideText(element))
    .map((element) => [element, box(element)])
    .filter(([, found]) => found !== null)
    .map(([element, found]) => ({ what: name(element), width: found.width, height: found.height }));
}

// Two buttons or fields with less than 8 pixels between them. Of a slider much less is drawn than can be touched.
function crowded() {
  const found = [...document.querySelectorAll("button, .button, input:not([type=hidden], [type=range]), select, textarea")]
    .filter((element) => shown(element) && !element.disabled && element.tabIndex >= 0)
    .map((element) => [element, box(element)])
    .filter(([, one]) => one !== null);
  const pairs = [];
  found.forEach(([element, one], index) => {
    for (const [other, two] of found.slice(index + 1)) {
      const across = Math.max(one.left, two.left) - Math.min(one.right, two.right);
      const down = Math.max(one.top, two.top) - Math.min(one.bottom, two.bottom);
      if (Math.max(across, down) < 7.9) pairs.push(`${name(element)} and ${name(other)}`);
    }
  });
  return pairs;
}

function sideways() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > width + 0.5);
  const shown = (one) => `${one.localName}.${one.getAttribute("class") || ""} ${Math.round(one.getBoundingClientRect().right)}`;
  return [`the page: ${document.documentElement.scrollWidth}`, ...wide.map(shown)];
}

// One of a group of radio buttons has the Tab key; the arrows reach the others.
function focusable() {
  const groups = new Set();
  return [...document.querySelectorAll(ALL)]
    .filter((element) => shown(element) && !element.disabled && element.tabIndex >= 0)
    .filter((element) => {
      if (element.type !== "radio") return true;
      const group = [...document.getElementsByName(element.name)].filter((one) => one.form === element.form);
      const chosen = group.find((one) => one.checked) || group[0];
      return chosen === element && !groups.has(element) && groups.add(element);
    })
    .map(name);
}

function focused() {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  const drawn = (one, part) => {
    const style = getComputedStyle(one, part);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  // A link that fills its card has the ring around the card.
  const around = [element, ...(element.labels || []), element.parentElement, element.parentElement?.parentElement];
  const ring = around.some((one) => one && [null, "::before", "::after"].some((part) => drawn(one, part)));
  return { what: name(element), ring };
}
