// What the browser tests ask of a page. Each function returns a list of faults in words; an empty list is a pass.
// It runs before the page's own scripts (to see violations and shifts from the start) or is put in afterwards.
(() => {
  "use strict";
  if (globalThis.probe) return;
  const seen = { violations: [], shifts: [] };
  addEventListener("securitypolicyviolation", (event) => {
    seen.violations.push(`${event.effectiveDirective} blocked ${event.blockedURI || event.sourceFile}`);
  });
  try {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (entry.hadRecentInput) continue;
        const names = entry.sources.map((source) => (source.node ? name(source.node) : "?"));
        seen.shifts.push(`moved by ${entry.value.toFixed(4)}: ${names.join(", ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  } catch {
    // A page without script has no observer, and nothing that could move it.
  }

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function name(node) {
    const element = node.nodeType === 1 ? node : node.parentElement;
    if (!element) return "?";
    const kind = typeof element.className === "string" && element.className ? "." + element.className.split(/\s+/)[0] : "";
    const words = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
    const where = element.closest("[id]");
    return `${element.localName}${kind} “${words}”${where && where !== element ? ` in #${where.id}` : ""}`;
  }

  // Words for screen readers only are clipped away to nothing.
  function isScreenReaderOnly(element) {
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (getComputedStyle(at).clipPath.startsWith("inset(50%")) return true;
    }
    return false;
  }
  const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !isScreenReaderOnly(element);

  // Every piece of text a reader sees, with its element and the boxes of its lines.
  function texts(root = document.body) {
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || element.closest("title, desc, script, style, template, noscript") || !visible(element)) continue;
      range.selectNodeContents(node);
      const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
      if (boxes.length) found.push({ node, element, boxes, svg: element instanceof SVGElement });
    }
    return found;
  }

  // --- colours ---

  function channels(color) {
    const match = /^rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[,/ ]+([\d.]+))?\)$/.exec(color);
    if (match) return [+match[1], +match[2], +match[3], match[4] === undefined ? 1 : +match[4]];
    return color === "transparent" || color === "none" ? [0, 0, 0, 0] : null;
  }
  function light([r, g, b]) {
    const part = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  }
  function contrast(one, other) {
    const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }
  function behind(element) {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color && color[3] > 0.99) return color;
    }
    return channels(getComputedStyle(document.documentElement).colorScheme.includes("dark") ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)");
  }

  function weakText(least) {
    const faults = [];
    for (const { element, svg } of texts()) {
      if (svg) continue; // what lies behind it is drawn, not set
      const color = channels(getComputedStyle(element).color);
      const ratio = color ? contrast(color, behind(element)) : 0;
      if (ratio < least) faults.push(`contrast ${ratio.toFixed(1)}: ${name(element)}`);
    }
    return faults;
  }

  // What the contrast of a text depends on: its letter, what it stands in, and all that is painted behind it. One text of a
  // kind is as easy to read as any other.
  let texted = new Map();
  function textKinds() {
    const grounds = new Map([[null, ""]]);
    function ground(element) {
      if (!grounds.has(element)) {
        const style = getComputedStyle(element);
        const painted = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.textShadow];
        const own = painted.join(" ").replace("rgba(0, 0, 0, 0) none 1 none none", "");
        grounds.set(element, ground(element.parentElement) + (own && ` on ${own}`));
      }
      return grounds.get(element);
    }
    texted = new Map();
    for (const { element } of texts()) {
      const style = getComputedStyle(element);
      const around = element.parentElement ? getComputedStyle(element.parentElement).color : "";
      const letter = [style.color, style.fill, style.fontSize, style.fontWeight, style.textDecorationLine, around];
      const kind = `${element.localName} ${letter.join(" ")}${ground(element)}`;
      if (!texted.has(kind)) texted.set(kind, element);
    }
    return [...texted.keys()];
  }
  const textsOf = (kinds) => kinds.map((kind) => texted.get(kind));

  // --- room: nothing scrolls sideways, is cut off or lies on something else ---

  function room() {
    const faults = [];
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) faults.push(`the page is ${page.scrollWidth} px wide in ${page.clientWidth}`);
    const found = texts();
    const boxesOf = new Set();
    for (const { element, svg } of found) {
      let at = svg ? element.closest("svg").parentElement : element;
      while (at && getComputedStyle(at).display === "inline") at = at.parentElement;
      if (at) boxesOf.add(at);
    }
    for (const box of boxesOf) {
      const style = getComputedStyle(box);
      if (box.scrollWidth > box.clientWidth + 1 && box.clientWidth) faults.push(`its text is wider than ${name(box)}: ${box.scrollWidth} in ${box.clientWidth}`);
      if (/hidden|clip/.test(style.overflowY) && box.scrollHeight > box.clientHeight + 1) faults.push(`its text is cut off: ${name(box)}`);
    }
    for (const { element, boxes } of found) {
      for (const box of boxes) {
        if (box.left < -1 || box.right > page.clientWidth + 1) faults.push(`outside the window: ${name(element)}`);
        for (let at = element.parentElement; at; at = at.parentElement) {
          if (!/hidden|clip|auto|scroll/.test(getComputedStyle(at).overflowX)) continue;
          const edge = at.getBoundingClientRect();
          if (box.left < edge.left - 1 || box.right > edge.right + 1) faults.push(`cut off by ${name(at)}: ${name(element)}`);
        }
      }
    }
    return [...new Set([...faults, ...overlaps(found)])];
  }

  function overlaps(found) {
    const faults = [];
    const lines = [];
    for (const { node, element, boxes, svg } of found) {
      // A line's box is taller than its letters; the middle half of it is where they surely are.
      for (const box of boxes) lines.push({ node, element, svg, left: box.left, right: box.right, top: box.top + box.height / 4, bottom: box.bottom - box.height / 4 });
    }
    lines.sort((a, b) => a.top - b.top);
    for (let i = 0; i < lines.length; i++) {
      for (let j = i + 1; j < lines.length && lines[j].top < lines[i].bottom; j++) {
        const [a, b] = [lines[i], lines[j]];
        if (a.node === b.node) continue;
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - b.top;
        if (across > 2 && down > 1) faults.push(`text lies on text: ${name(a.element)} and ${name(b.element)}`);
      }
    }
    return faults;
  }

  // --- size of letters and of what is pressed ---

  function smallText(least, leastInPicture, leastRaised) {
    const faults = [];
    for (const { element, svg } of texts()) {
      let size = parseFloat(getComputedStyle(element).fontSize);
      let needed = element.closest("sup") ? leastRaised : least;
      if (svg) {
        size *= Math.abs(element.getScreenCTM().a);
        needed = leastInPicture;
      }
      if (size < needed - 0.05) faults.push(`${size.toFixed(1)} px: ${name(element)}`);
    }
    return [...new Set(faults)];
  }

  const CONTROLS = "a[href], button, summary, input, select, textarea, [tabindex='0']";
  const FRAME = ".help-line-top, header, nav, .help-lines";

  // A link within a sentence is as tall as its line; so is a term. In the help line and the menus none is spared.
  function inSentence(element) {
    if (element.closest("sup")) return true;
    if (element.closest(FRAME) || !/^inline/.test(getComputedStyle(element).display)) return false;
    if (element.matches("button, input, select, textarea") && !element.matches(".term")) return false;
    let block = element.parentElement;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    let words = "";
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.parentElement.closest("a, button")) words += node.data;
    }
    return /[\p{L}\p{N}]{2}/u.test(words);
  }

  function smallTargets(least) {
    const faults = [];
    for (const element of all(CONTROLS)) {
      if (!visible(element) || element.disabled || element.matches(":is(.skip, .exit-first):not(:focus)") || inSentence(element)) continue;
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const box = element.getClientRects()[0];
      if (!box) continue;
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const hits = (dx, dy) => {
        const at = document.elementFromPoint(x + dx, y + dy);
        return at === element || element.contains(at);
      };
      // A box of the full size must only not be covered; a smaller one may be made larger by what lies over it.
      const reach = (size) => (size > least - 0.5 ? least / 2 - 2 : least / 2 - 0.6);
      const [across, down] = [reach(box.width), reach(box.height)];
      const width = hits(-across, 0) && hits(across, 0);
      const height = hits(0, -down) && hits(0, down);
      if (!width || !height) faults.push(`${!height ? "lower" : "narrower"} than ${least} px (its box: ${Math.round(box.width)} x ${Math.round(box.height)}): ${name(element)}`);
    }
    scrollTo({ top: 0, behavior: "instant" });
    return faults;
  }

  // --- help lines ---

  function helpFirst(hrefs) {
    const faults = [];
    scrollTo({ top: 0, behavior: "instant" });
    const title = document.querySelector("h1");
    for (const href of hrefs) {
      const link = document.querySelector(`a[href="${href}"]`);
      if (!link) {
        faults.push(`there is no link ${href}`);
        continue;
      }
      if (!title || !(link.compareDocumentPosition(title) & Node.DOCUMENT_POSITION_FOLLOWING)) faults.push(`${href} comes after the title`);
      const words = document.createRange();
      words.selectNodeContents(link);
      const box = words.getBoundingClientRect();
      const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
      const inside = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
      if (!visible(link) || !inside || !(top === link || link.contains(top))) faults.push(`${href} is not seen without scrolling at ${innerWidth} x ${innerHeight}`);
    }
    return faults;
  }

  // --- the keyboard ---

  const look = (element) => {
    const s = getComputedStyle(element);
    const outline = s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2 ? "" : s.outlineColor;
    return { outline, rest: [s.boxShadow, s.backgroundColor, s.borderColor, s.borderWidth].join("|") };
  };

  // The next Tab starts at the top of the page again.
  function fromTheTop() {
    document.body.tabIndex = -1;
    document.body.focus({ preventScroll: true });
    document.body.removeAttribute("tabindex");
    scrollTo({ top: 0, behavior: "instant" });
  }

  // Everything the Tab key should reach, in order. A closed menu or popover has nothing to reach.
  function stops() {
    return all(CONTROLS).filter((element) => !element.disabled && element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }));
  }

  // What kinds of stops there are: the element, its class and its nearest classed parents. What is true of one is true of all.
  function kinds() {
    const classed = (element) => element.localName + [...element.classList].map((one) => "." + one).join("");
    return [...new Set(stops().map((element) => {
      const parents = [];
      for (let at = element.parentElement; at && parents.length < 2; at = at.parentElement) if (at.classList.length) parents.push(classed(at));
      return [classed(element), ...parents].join(" in ");
    }))];
  }

  // Every class on the page, and every element without one by its nearest classed parent.
  function classes() {
    const found = new Set();
    for (const element of all("body, body *")) {
      for (const one of element.classList) found.add(one);
      if (!element.classList.length) found.add(`${element.localName} in ${element.parentElement?.closest("[class]")?.classList[0] ?? ""}`);
    }
    return [...found];
  }

  const walk = { before: new Map(), order: [], faults: [] };
  let listening = false;

  // Begin a walk: from now on every element that gets the focus is looked at in the moment it gets it.
  function beginWalk() {
    fromTheTop();
    walk.before = new Map(stops().map((element) => [element, look(element)]));
    walk.order = [];
    walk.faults = [];
    if (!listening) {
      document.addEventListener("focusin", ({ target }) => arrived(target), true);
      // The browser scrolls to it after that event; so whether it is covered is asked just before the next Tab.
      addEventListener("keydown", ({ key }) => key === "Tab" && document.activeElement !== document.body && covered(document.activeElement), true);
    }
    listening = true;
    return walk.before.size;
  }

  function arrived(element) {
    walk.order.push(element);
    const box = element.getClientRects()[0];
    if (!visible(element) || !box || box.width < 2 || box.height < 2) {
      walk.faults.push(`the focus is on something hidden: ${name(element)}`);
      return;
    }
    const before = walk.before.get(element);
    const after = look(element);
    const ring = after.outline && after.outline !== before?.outline ? channels(after.outline) : null;
    if (!ring && (!before || before.rest === after.rest)) walk.faults.push(`the focus cannot be seen on ${name(element)}`);
    if (ring && contrast(ring, behind(element.parentElement)) < 3) walk.faults.push(`the focus ring is too faint on ${name(element)}`);
  }

  function covered(element) {
    const hits = [...element.getClientRects()].some((box) => {
      const at = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
      return at && element.contains(at);
    });
    if (!hits) walk.faults.push(`the focus is covered or out of sight: ${name(element)}`);
  }

  // Give the focus to everything in turn, without the keyboard (a Tab before it makes the browser show the focus).
  function focusEach() {
    walk.faults = [];
    for (const [element] of walk.before) {
      element.focus();
      if (document.activeElement !== element) walk.faults.push(`it does not take the focus: ${name(element)}`);
      else covered(element);
      if (element.tabIndex > 0) walk.faults.push(`Tab goes another way than the page: ${name(element)} has a tabindex`);
    }
    return walk.faults;
  }

  // After as many Tabs as there are stops, and one more that leaves the page.
  function endWalk() {
    const faults = [...walk.faults];
    const order = walk.order.filter((element) => element !== document.documentElement && element !== document.body);
    for (const [element] of walk.before) {
      const times = order.filter((one) => one === element).length;
      const first = order[0] === element;
      if (!times) faults.push(`Tab does not reach ${name(element)}`);
      // The last Tab leaves the page; some browsers come back to its first stop at once.
      if (times > (first ? 2 : 1)) faults.push(`Tab comes back to ${name(element)}: a trap`);
    }
    for (const element of order) if (!walk.before.has(element)) faults.push(`Tab reaches what it should not: ${name(element)}`);
    const expected = [...walk.before.keys()].filter((element) => order.includes(element));
    const wrong = expected.findIndex((element, n) => order[n] !== element);
    if (!faults.length && wrong >= 0) faults.push(`Tab goes another way than the page: ${name(order[wrong])} instead of ${name(expected[wrong])}`);
    return faults;
  }

  // --- paper ---

  function onPaper() {
    const faults = [];
    const seenText = texts();
    const text = seenText.map(({ node }) => node.data).join(" ");
    const beginning = text.slice(0, 600);
    for (const number of ["988", "911"]) if (!beginning.includes(number)) faults.push(`${number} is not at the top of the sheet`);
    for (const element of all("nav, input, summary, form, [role=search], button:not(.term)")) {
      if (visible(element) && !element.closest("main details")) faults.push(`on paper there is a ${name(element)}`);
    }
    for (const link of all("a[href^='http']")) {
      const bare = link.getAttribute("href").replace(/^https?:\/\/(www\.)?|\/$/g, "");
      const written = link.innerText + getComputedStyle(link, "::after").content;
      if (visible(link) && !written.includes(bare)) faults.push(`its address is not written out: ${name(link)}`);
    }
    for (const part of all("main details")) {
      for (const inner of part.children) if (visible(part) && !visible(inner)) faults.push(`a closed part stays closed: ${name(part)}`);
    }
    for (const { element, svg } of seenText) {
      const style = getComputedStyle(element);
      const color = channels(svg ? style.fill : style.color);
      if (!color || light(color) > 0.03) faults.push(`not black: ${name(element)} is ${svg ? style.fill : style.color}`);
    }
    for (const element of all("body, body *")) {
      if (element instanceof SVGElement || !visible(element)) continue;
      for (const pseudo of [null, "::before", "::after"]) {
        const style = getComputedStyle(element, pseudo);
        if (pseudo && (style.content === "none" || style.content === "normal")) continue;
        const ground = channels(style.backgroundColor);
        if (ground && ground[3] > 0 && light(ground) < 0.9) faults.push(`not on white: ${name(element)}${pseudo || ""} has ${style.backgroundColor}`);
        if (pseudo && style.content.length > 2 && light(channels(style.color) || [255, 255, 255]) > 0.03) faults.push(`not black: ${name(element)}${pseudo} is ${style.color}`);
      }
    }
    return [...new Set(faults)];
  }

  // --- movement ---

  function moving() {
    const faults = document.getAnimations().map((one) => `moves: ${name(one.effect.target)}`);
    for (const element of all("body, body *")) {
      for (const pseudo of [null, "::before", "::after"]) {
        const style = getComputedStyle(element, pseudo);
        const longest = Math.max(...style.transitionDuration.split(",").map(parseFloat), ...(style.animationName === "none" ? [0] : style.animationDuration.split(",").map(parseFloat)));
        if (longest > 0 || style.scrollBehavior === "smooth") faults.push(`moves for ${longest} s: ${name(element)}${pseudo || ""}`);
      }
    }
    return faults;
  }

  // --- what is kept, and what the page says ---

  async function kept() {
    const found = [];
    if (document.cookie) found.push(`a cookie: ${document.cookie}`);
    if (localStorage.length) found.push(`local storage: ${Object.keys(localStorage)}`);
    if (sessionStorage.length) found.push(`session storage: ${Object.keys(sessionStorage)}`);
    for (const { name } of await indexedDB.databases()) found.push(`a database: ${name}`);
    for (const name of (await globalThis.caches?.keys()) ?? []) found.push(`a cache: ${name}`);
    for (const worker of (await navigator.serviceWorker?.getRegistrations()) ?? []) found.push(`a worker: ${worker.scope}`);
    return found;
  }

  // The text of the page without what only script, or only its absence, shows.
  function mainText() {
    const apart = all("main noscript, main .past-check, main [data-search]").map((element) => [element, element.hidden]);
    for (const [element] of apart) element.hidden = true;
    const text = document.querySelector("main")?.innerText.replace(/\s+/g, " ").trim() ?? "";
    for (const [element, was] of apart) element.hidden = was;
    return text;
  }

  // Letters and lines with more room, as a reader may set them (WCAG 1.4.12).
  function moreRoom(on) {
    if (!on) {
      document.adoptedStyleSheets = [];
      return;
    }
    const sheet = new CSSStyleSheet();
    sheet.insertRule("*:not(svg, svg *) { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }");
    sheet.insertRule("svg { letter-spacing: 0 !important; word-spacing: 0 !important }"); // a drawing is not set in lines
    sheet.insertRule("p { margin-bottom: 2em !important }");
    document.adoptedStyleSheets = [sheet];
  }

  globalThis.probe = {
    seen, name, visible, weakText, room, smallText, smallTargets, helpFirst, stops, fromTheTop, kinds, classes, textKinds, textsOf, beginWalk, focusEach, endWalk,
    onPaper, moving, kept, mainText, moreRoom,
  };
})();
