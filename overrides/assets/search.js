// The search page. Nothing typed here leaves the page: there is no form, no address is changed, nothing is stored,
// and what is fetched never depends on what was typed (the index first, then all section texts, in a fixed order).
// The files come from scripts/iop_guide/search.py, which explains their format.
// Every word that a reader sees stands in the HTML, so that a translation needs no change here.

const SHOWN_AT_FIRST = 8;
const SNIPPET_WORDS = 32;
const ANNOUNCE_AFTER = 900; // ms without a key: a count after each letter would talk over the reader's own typing
const WORD = /[\p{L}\p{N}]+(?:['\u2019][\p{L}\p{N}]+)*/gu;
const FIRST_DIGIT = 35;
const BACKSLASH = 92;
const DIGITS = 91;
const BASE = DIGITS - 8;

// --- words ----------------------------------------------------------------------------------------------------

export function normal(word) {
  const plain = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("\u2019", "'");
  return (plain.endsWith("'s") ? plain.slice(0, -2) : plain).replaceAll("'", "");
}

export function makeStemmer(steps) {
  const compiled = steps.map((step) => step.map(([pattern, add]) => [new RegExp(pattern, "su"), add]));
  const seen = new Map();
  return function stem(word) {
    let found = seen.get(word);
    if (found === undefined) {
      found = word;
      for (const step of compiled) {
        for (const [pattern, add] of step) {
          const match = pattern.exec(found);
          if (match) {
            found = match[1] + add;
            break;
          }
        }
      }
      seen.set(word, found);
    }
    return found;
  };
}

// Whether two words differ by one letter at most: one too many, one missing, one wrong, or two that changed places.
// With `open`, it is enough that `other` begins so: the word is still being typed.
export function nearly(typed, other, open = false) {
  const more = typed.length - other.length;
  if (more > 1 || (more < -1 && !open)) return false;
  let i = 0;
  while (i < typed.length && typed[i] === other[i]) i++;
  if (i === typed.length) return open || more >= -1;
  return (
    fits(typed, i + 1, other, i, open) ||
    fits(typed, i, other, i + 1, open) ||
    (i < other.length && fits(typed, i + 1, other, i + 1, open)) ||
    (i + 1 < typed.length && typed[i] === other[i + 1] && typed[i + 1] === other[i] && fits(typed, i + 2, other, i + 2, open))
  );
}

// Whether the rest of one word is the rest of the other (or its beginning); letter by letter, as this runs for every
// word of the guide at every key.
function fits(typed, from, other, to, open) {
  if (!open && typed.length - from !== other.length - to) return false;
  while (from < typed.length) {
    if (typed[from++] !== other[to++]) return false;
  }
  return true;
}

// --- the index ------------------------------------------------------------------------------------------------

export function readIndex(raw) {
  const lines = (text) => text.split("\n");
  const stem = makeStemmer(raw.steps);
  const stop = new Set(raw.stop.split(" "));
  const titles = lines(raw.titles);
  const about = lines(raw.about);
  const sections = lines(raw.sections);
  const pages = lines(raw.pages).map((address, n) => ({
    address,
    title: titles[n],
    about: about[n],
    section: sections[n],
    titleStems: Array.from(titles[n].matchAll(WORD), ([word]) => normal(word)).filter((word) => !stop.has(word)).map(stem),
    parts: null, // the sections, once their texts are here
  }));
  const vocabulary = readWords(raw.words);
  const cutPhrase = (phrase) => phrase.split(" ").map((word) => ({ word, stem: stem(word) }));
  const readGroups = (text, same) =>
    text ? lines(text).map((group) => ({ same, phrases: group.split("|").map((phrase) => readPhrase(phrase, stem, stop)) })) : [];
  const danger = raw.danger ? lines(raw.danger).map(cutPhrase) : [];
  return {
    pages,
    vocabulary,
    postings: readPostings(raw, vocabulary.length),
    places: new Map(vocabulary.map((word, n) => [word, n])),
    stem,
    stop,
    alike: [...readGroups(raw.names, true), ...readGroups(raw.synonyms, false)],
    danger,
    dangerStems: new Set(danger.flat().map(({ stem }) => stem)),
    texts: raw.texts,
    weights: raw.weights,
    added: new Set(),
  };
}

// A clinic's own page (search/own.json of a copy) joins the pages of the guide as the last one. Its words are remembered as
// added: none of them may hide that somebody speaks of danger.
export function addOwn(own, index) {
  const page = index.pages.length;
  const titleWords = Array.from(own.title.matchAll(WORD), ([word]) => normal(word)).filter((word) => !index.stop.has(word));
  index.pages.push({
    address: own.location,
    title: own.title,
    about: own.about,
    section: own.section,
    titleStems: titleWords.map(index.stem),
    parts: own.sections.map(([anchor, title, text]) => ({ anchor, title, text })),
  });
  for (const [name, level] of Object.entries(own.words)) {
    if (!index.places.has(name)) {
      index.places.set(name, index.vocabulary.push(name) - 1);
      index.postings.push({ pages: [], weights: [] });
      index.added.add(name);
    }
    const place = index.places.get(name);
    const { pages, weights } = index.postings[place];
    index.postings[place] = { pages: [...pages, page], weights: [...weights, index.weights[level]] };
  }
}

// A phrase is recognized by all its words and looked for by its telling ones. Where only one of several is telling
// ("from home"), that one alone would mean something else, so nothing is looked for.
function readPhrase(phrase, stem, stop) {
  const all = phrase.split(" ");
  const telling = all.filter((word) => !stop.has(word));
  const look = telling.length === all.length || telling.length > 1 ? telling.map(stem) : [];
  return { whole: all.map(stem), look };
}

export function readWords(text) {
  const found = [];
  let before = "";
  for (const [, shared, rest] of text.matchAll(/([A-Z])([^A-Z]*)/g)) {
    before = before.slice(0, shared.charCodeAt(0) - 65) + rest;
    found.push(before);
  }
  return found;
}

export function readPostings(raw, howMany) {
  const found = new Array(howMany);
  let word = 0;
  let place = 0;
  let entry = 0;
  raw.counts.forEach((many, count) => {
    for (let n = 0; n < many; n++) {
      const pages = new Uint16Array(count);
      const weights = new Float32Array(count);
      let page = -1;
      for (let k = 0; k < count; k++) {
        let gap = 0;
        let digit;
        for (;;) {
          const code = raw.postings.charCodeAt(place++);
          digit = code - FIRST_DIGIT - (code > BACKSLASH ? 1 : 0);
          if (digit < BASE) break;
          gap += (digit - BASE + 1) * BASE;
        }
        page += gap + digit + 1;
        pages[k] = page;
        weights[k] = raw.weights[raw.levels.charCodeAt(entry++) - 97];
      }
      found[word++] = { pages, weights };
    }
  });
  return found;
}

// --- what was typed -------------------------------------------------------------------------------------------

// Returns the words typed, small words included. The last one is open while no space or stop follows it.
export function readQuery(text, index) {
  const found = [];
  for (const match of text.matchAll(WORD)) {
    const word = normal(match[0]);
    if (!word) continue;
    found.push({ word, stem: index.stem(word), open: match.index + match[0].length === text.length });
  }
  return found;
}

// A slot is one word to look for, with all that may stand for it: [{ stems, weight }], where a phrase has several stems.
export function makeSlots(typed, index) {
  const telling = typed.filter(({ word }) => !index.stop.has(word));
  const chosen = telling.length ? telling : typed.slice(-1);
  const slots = typed.map((item) => ({
    choices: chosen.includes(item) && (item.word.length > 1 || (!item.open && /\d/.test(item.word))) ? readings(item, index) : [],
  }));
  addSynonyms(typed, slots, index);
  return slots.filter(({ choices }) => choices.length);
}

// The words of the guide that a typed word may mean: itself, else longer words, else words with one letter changed.
function readings({ word, stem, open }, index) {
  const found = new Map();
  const add = (name, weight) => {
    if (weight > (found.get(name) ?? 0)) found.set(name, weight);
  };
  const exact = index.places.has(stem);
  // "4 times", "50 pounds": pages have small numbers for reasons of their own.
  if (exact) add(stem, /^\d{1,2}$/.test(word) ? 0.4 : 1);
  if (open) {
    for (const name of index.vocabulary) {
      if (name.length > word.length && name.startsWith(word)) {
        add(name, Math.max(0.25, (exact ? 0.5 : 0.95) - 0.07 * (name.length - word.length)));
      }
    }
    if (!found.size && word.length > 5) {
      // Half an ending is on it already ("hospitaliz"): look for what it may begin with.
      for (let end = word.length - 1; end >= 5; end--) {
        if (index.places.has(word.slice(0, end))) {
          add(word.slice(0, end), 0.7);
          break;
        }
      }
    }
  }
  if (!found.size && word.length > 3 && !/\d/.test(word) && !index.dangerStems.has(stem)) addNearly(word, stem, open, index, add);
  return [...found].map(([name, weight]) => ({ stems: [name], weight }));
}

function addNearly(word, stem, open, index, add) {
  for (const name of index.vocabulary) {
    if (name.length < 3) continue;
    if (nearly(word, name) || nearly(stem, name)) {
      // Few people get the first letter wrong.
      add(name, name[0] === word[0] ? 0.7 : 0.4);
    } else if (open && name.length > word.length && nearly(word, name, true)) {
      add(name, name[0] === word[0] ? 0.5 : 0.25);
    } else if (name.length > 3 && name[0] === word[0] && word.length - name.length < 4 && nearly(name, word, true)) {
      add(name, 0.5); // the wrong letter kept the ending from being cut off
    }
  }
}

// Words that mean the same become further choices. A phrase of the list is recognized in neighboring words, small
// ones included.
function addSynonyms(typed, slots, index) {
  const meant = typed.map(({ stem }, n) => {
    const mended = slots[n].choices.filter(({ weight }) => weight >= 0.7);
    return new Set([stem, ...mended.map(({ stems }) => stems[0])]);
  });
  const extra = slots.map(() => []);
  for (const { same, phrases } of index.alike) {
    for (const phrase of phrases) {
      const { length } = phrase.whole;
      for (let start = 0; start + length <= typed.length; start++) {
        if (!phrase.whole.every((part, n) => meant[start + n].has(part))) continue;
        const others = phrases.filter((other) => other !== phrase && other.look.length);
        // Each telling word of the phrase may be answered so; if it has none ("where to go"), the last word is.
        // Words that are known together mean what they mean together: "day program" is not about days.
        const alone = length > 1 ? 0.6 : 1;
        const covered = phrase.whole.map((_, n) => start + n).filter((n) => slots[n].choices.length);
        for (const n of covered.length ? covered : [start + length - 1]) {
          // Names of one thing ("PHP") stand for one another; words that only mean much the same are worth less.
          const weight = same ? 0.95 : length > 1 ? 0.8 : 0.6;
          extra[n].push(...others.map(({ look }) => ({ stems: look, weight, instead: !same })));
          if (phrase.look.length > 1) extra[n].push({ stems: phrase.look, weight: 1 });
          slots[n].alone = Math.min(slots[n].alone ?? 1, alone);
        }
      }
    }
  }
  slots.forEach((slot, n) => {
    const own = slot.choices.map(({ stems, weight }) => ({ stems, weight: weight * (slot.alone ?? 1) }));
    slot.choices = [...own, ...once(extra[n])];
  });
}

// The same choice may come from several groups; the best one counts.
function once(choices) {
  const found = new Map();
  for (const choice of choices) {
    const key = choice.stems.join(" ");
    if (!(found.get(key)?.weight >= choice.weight)) found.set(key, choice);
  }
  return [...found.values()];
}

// --- pages ----------------------------------------------------------------------------------------------------

// Returns the numbers of the pages that fit, the best first.
export function findPages(slots, index) {
  const total = index.pages.length;
  const scores = slots.map((slot) => slotScores(slot, index));
  const telling = scores.map((pages) => {
    // How many pages have the word, where a page that hardly has it counts as a part of one.
    const found = pages.reduce((sum, score) => sum + Math.min(1, 2 * score), 0);
    // A rare word tells more than a usual one, but not so much more that it alone decides.
    return found ? 0.35 + 0.8 * Math.log(1 + (total - found + 0.5) / (found + 0.5)) : 0;
  });
  const all = telling.reduce((sum, value) => sum + value, 0);
  const asked = new Set(slots.flatMap(({ choices }) => choices.slice(0, 1).map(({ stems }) => stems[0])));
  const hits = [];
  for (let page = 0; page < total; page++) {
    let score = 0;
    let covered = 0;
    for (let n = 0; n < slots.length; n++) {
      if (!scores[n][page]) continue;
      score += telling[n] * scores[n][page];
      covered += telling[n] * Math.min(1, 1.4 * scores[n][page]); // said in passing is half an answer
    }
    // A page with all the words comes before one with some of them, but some are better than nothing.
    if (!covered) continue;
    // "What does an IOP cost?" is about cost alone, "The cost of medicine" about something else too.
    const { titleStems } = index.pages[page];
    const whole = titleStems.reduce((sum, stem) => sum + rarity(stem, index), 0);
    const named = titleStems.reduce((sum, stem) => sum + (asked.has(stem) ? rarity(stem, index) : 0), 0) / (whole || 1);
    hits.push({ page, score: (1 + 0.5 * named) * score * (0.45 + (0.55 * covered) / all) });
  }
  hits.sort((a, b) => b.score - a.score || a.page - b.page);
  return hits.filter((hit) => hit.score >= hits[0].score * 0.08).map((hit) => hit.page);
}

// What a slot is worth on each page: its best choice, and a little for every other one that stands there too. A page
// that speaks of a job, a boss and time off is more about jobs than one that says the word once.
function slotScores({ choices }, index) {
  const best = new Float32Array(index.pages.length);
  const sum = new Float32Array(index.pages.length);
  const add = (page, score) => {
    sum[page] += score;
    if (score > best[page]) best[page] = score;
  };
  const direct = choices.some(({ stems, weight, instead }) => !instead && weight > 0.5 && index.postings[index.places.get(stems[0])].pages.length);
  for (const { stems, weight, instead } of choices) {
    // A usual word in place of a rarer one that is there would make every page look alike.
    if (instead && direct && stems.every((name) => isUsual(name, index))) continue;
    // In a title, a word that only stands for the one typed may mean something else ("work" for "job").
    const most = instead ? 1.5 : Infinity;
    if (stems.length === 1) {
      const { pages, weights } = index.postings[index.places.get(stems[0])];
      for (let n = 0; n < pages.length; n++) add(pages[n], weight * Math.min(most, weights[n]));
    } else {
      phraseScores(stems, index).forEach((value, page) => add(page, weight * Math.min(most, value)));
    }
  }
  return best.map((score, page) => score + Math.min(1, 0.2 * (sum[page] - score)));
}

// Near nothing for a word that all pages have, more for one that few have.
function rarity(name, index) {
  const found = index.postings[index.places.get(name)]?.pages.length ?? 0;
  return Math.log(1 + (index.pages.length - found + 0.5) / (found + 0.5));
}

function isUsual(name, index) {
  return index.postings[index.places.get(name)].pages.length > index.pages.length / 2;
}

// A page has a phrase when it has all its words; it is worth as much as the least of them. Where all of them are
// usual words ("day program"), a page may have them for many other reasons, and nothing is said.
function phraseScores(stems, index) {
  let scores = null;
  if (stems.every((name) => isUsual(name, index))) return new Map();
  for (const name of stems) {
    const { pages, weights } = index.postings[index.places.get(name)];
    const next = new Map();
    pages.forEach((page, n) => {
      if (!scores) next.set(page, weights[n]);
      else if (scores.has(page)) next.set(page, Math.min(scores.get(page), weights[n]));
    });
    scores = next;
  }
  return scores;
}

// --- sections and snippets ------------------------------------------------------------------------------------

// For each stem that may be marked: which slot it answers, and how well. The words of a phrase ("time off") have mates:
// one of them counts only beside another.
export function marksOf(slots) {
  const marks = new Map();
  slots.forEach(({ choices }, slot) => {
    for (const { stems, weight } of choices) {
      for (const name of stems) {
        const before = marks.get(name);
        const mates = stems.length > 1 ? stems.filter((other) => other !== name) : null;
        const better = !before || (!before.mates === !mates ? before.worth < weight : !mates);
        if (better) marks.set(name, { slot, worth: weight, mates });
      }
    }
  });
  return marks;
}

// The words that count, with their places: [{ n, slot, worth }].
function hitsIn(words, marks) {
  const hits = [];
  for (let n = 0; n < words.length; n++) {
    const mark = marks.get(words[n].stem);
    if (!mark) continue;
    const { slot, worth, mates } = mark;
    if (mates && !mates.includes(words[n - 1]?.stem) && !mates.includes(words[n + 1]?.stem)) continue;
    hits.push({ n, slot, worth });
  }
  return hits;
}

function cut(text, stem) {
  return Array.from(text.matchAll(WORD), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    stem: stem(normal(match[0])),
  }));
}

function readParts(page, index) {
  for (const part of page.parts) {
    part.titleWords ??= cut(part.title, index.stem);
    part.words ??= cut(part.text, index.stem);
    part.askedWords ??= cut(part.asked ?? "", index.stem);
  }
  return page.parts;
}

// The section that answers most of what was typed, with the place in it where a snippet should begin.
export function bestSection(page, marks, index) {
  let best = null;
  for (const part of readParts(page, index)) {
    const window = bestWindow(hitsIn(part.words, marks));
    const titleWorth = worthOf([...hitsIn(part.titleWords, marks), ...hitsIn(part.askedWords, marks)]);
    const score = window.worth + 1.5 * titleWorth + (part.text ? 0 : -0.5);
    if (!best || score > best.score + 0.001) best = { part, from: window.from, score };
  }
  return best && best.score > 0 ? best : null;
}

function worthOf(hits) {
  const slots = new Map();
  for (const { slot, worth } of hits) slots.set(slot, Math.max(slots.get(slot) ?? 0, worth));
  let sum = 0;
  for (const worth of slots.values()) sum += worth;
  return sum;
}

// Where the most slots are answered within the length of a snippet. Looks only where a word counts.
function bestWindow(hits) {
  let best = { from: 0, worth: 0 };
  for (let first = 0; first < hits.length; first++) {
    let end = first;
    while (end < hits.length && hits[end].n < hits[first].n + SNIPPET_WORDS - 6) end++;
    const worth = worthOf(hits.slice(first, end));
    if (worth > best.worth + 0.001) best = { from: hits[first].n, worth };
  }
  return best;
}

// The words of a snippet: from the start of the sentence if that is near, for about SNIPPET_WORDS words.
export function snippetOf(part, from) {
  const { words, text } = part;
  if (!words.length) return { text: "", start: 0 };
  let first = words.length <= SNIPPET_WORDS ? 0 : from;
  const endsSentence = (n) => /[.!?:]["\u201d)]?\s/.test(text.slice(words[n].end, words[n + 1].start));
  while (first > 0 && from - first < 14 && !endsSentence(first - 1)) first--;
  const atSentence = first === 0 || endsSentence(first - 1);
  if (!atSentence) first = Math.max(0, from - 6);
  const last = Math.min(words.length, first + SNIPPET_WORDS) - 1;
  const start = first === 0 ? 0 : words[first].start;
  const end = last === words.length - 1 ? text.length : words[last].end;
  return {
    text: text.slice(start, end),
    start,
    cutBefore: !atSentence,
    cutAfter: end < text.length && !/[.!?]$/.test(text.slice(start, end + 1)),
  };
}

// --- danger ---------------------------------------------------------------------------------------------------

export function isDanger(typed, index) {
  return index.danger.some((phrase) => hasPhrase(typed, phrase, index));
}

// The phrase's words in order; a phrase of several words may have one other word in between ("kill just myself").
function hasPhrase(typed, phrase, index) {
  for (let start = 0; start < typed.length; start++) {
    let at = start;
    let n = 0;
    let skipped = 0;
    while (n < phrase.length && at < typed.length) {
      if (isDangerWord(typed[at], phrase[n], index)) n++;
      else if (n === 0 || ++skipped > 1) break;
      at++;
    }
    if (n === phrase.length) return true;
  }
  return false;
}

// Another ending is the same word, unless so little is left that it may be another ("cut" is not "cutting").
// One wrong letter is forgiven in a long word that the guide does not know as something else.
function isDangerWord(typed, danger, index) {
  if (typed.word === danger.word) return true;
  if (typed.stem === danger.stem && danger.stem.length > 3) return true;
  if (typed.open && typed.word.length > 4 && danger.word.startsWith(typed.word)) return true;
  if (danger.word.length < 6 || typed.word.length < 6 || danger.word[0] !== typed.word[0]) return false;
  if (index.places.has(typed.stem) && !index.added.has(typed.stem)) return false;
  return nearly(typed.word, danger.word);
}

// Which of the help lines speak of what was typed: [{ id, text }] in, a set of ids out. A word tells something only
// if few of the lines and not most of the pages have it ("help").
export function fittingLines(slots, lines, index) {
  const stemsOf = lines.map(({ text }) => new Set(cut(text, index.stem).map(({ stem }) => stem)));
  const asked = slots.flatMap(({ choices }) => choices.filter(({ weight }) => weight >= 0.6).map(({ stems }) => stems));
  const telling = (stems) => stemsOf.filter((has) => stems.every((name) => has.has(name))).length <= 2 && !stems.every((name) => isUsual(name, index));
  const fits = (has) => asked.some((stems) => stems.every((name) => has.has(name)) && telling(stems));
  return new Set(lines.filter((_, n) => fits(stemsOf[n])).map(({ id }) => id));
}

// --- the page -------------------------------------------------------------------------------------------------

function setMarked(element, text, marks, stem) {
  const pieces = [];
  let done = 0;
  const words = cut(text, stem);
  for (const { n } of hitsIn(words, marks)) {
    const word = words[n];
    const mark = document.createElement("mark");
    mark.textContent = text.slice(word.start, word.end);
    pieces.push(text.slice(done, word.start), mark);
    done = word.end;
  }
  element.replaceChildren(...pieces, text.slice(done));
}

// Bring the search to life in its box on the search page (search-start.js calls it).
export function startSearch(box) {
  const field = box.querySelector("input");
  const list = box.querySelector("[data-results]");
  const found = box.querySelector("[data-found]");
  const status = box.querySelector("[role=status]");
  const more = box.querySelector("[data-more]");
  const danger = box.querySelector("[data-danger]");
  const helpLines = Array.from(danger.querySelectorAll("[data-line]"), (element) => ({
    id: element.dataset.line,
    always: "always" in element.dataset,
    text: element.querySelector("[data-line-words]").textContent,
    element,
  }));
  const result = box.querySelector("template").content.firstElementChild;
  const root = new URL(box.dataset.root, document.baseURI);
  const filesAt = new URL("search/", root);

  let index = null;
  let asked = null; // the promise of the index, from the first focus on
  let textsAsked = false;
  let shown = { pages: [], marks: new Map(), items: [] };
  let timer = 0;

  async function fetchJson(name, how) {
    const answer = await fetch(new URL(name, filesAt), { credentials: "omit", ...how });
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    return answer.json();
  }

  function load() {
    if (asked) return;
    const own = document.querySelector("[data-own]") ? fetchJson("own.json").catch(() => null) : null;
    asked = Promise.all([fetchJson("index.json", { cache: "no-cache" }), own]).then(
      ([raw, page]) => {
        index = readIndex(raw);
        if (page) addOwn(page, index);
        update();
      },
      () => {
        asked = null; // offline, perhaps: the next key tries again
        if (field.value.trim()) status.textContent = box.dataset.failed;
      },
    );
  }

  // All texts, whatever was typed, so that the server learns nothing; not for a reader who asked to save data.
  function loadTexts() {
    if (textsAsked || navigator.connection?.saveData) return;
    textsAsked = true;
    for (const name of index.texts) {
      fetchJson(name).then(
        (pages) => {
          for (const [number, parts] of pages) {
            index.pages[number].parts = parts.map(([anchor, title, text, asked]) => ({ anchor, title, text, asked }));
          }
          shown.items.forEach(({ page, element }) => fillSnippet(element, page));
        },
        () => {}, // results stay as they are, with descriptions in place of snippets
      );
    }
  }

  function address(page, anchor = "") {
    const url = new URL(page.address, root);
    url.hash = anchor;
    return url.href;
  }

  function makeItem(number) {
    const page = index.pages[number];
    const element = result.cloneNode(true);
    const link = element.querySelector("[data-page]");
    link.href = address(page);
    setMarked(link, page.title, shown.marks, index.stem);
    element.querySelector("[data-section]").textContent = page.section === page.title ? "" : page.section;
    if (!fillSnippet(element, page)) setMarked(element.querySelector("[data-snippet]"), page.about, shown.marks, index.stem);
    return { page, element };
  }

  // The description gives way to the part of the page that answers best. Returns whether there is one.
  function fillSnippet(element, page) {
    const best = page.parts && bestSection(page, shown.marks, index);
    if (!best) return false;
    if (best.part.anchor) {
      const place = element.querySelector("[data-place]");
      place.href = address(page, best.part.anchor);
      setMarked(place, best.part.title, shown.marks, index.stem);
      place.parentElement.hidden = false;
    }
    const snippet = snippetOf(best.part, best.from);
    if (!snippet.text) return false;
    const text = (snippet.cutBefore ? "\u2026 " : "") + snippet.text + (snippet.cutAfter ? " \u2026" : "");
    setMarked(element.querySelector("[data-snippet]"), text, shown.marks, index.stem);
    return true;
  }

  function show(upTo) {
    const next = shown.pages.slice(shown.items.length, upTo).map(makeItem);
    shown.items.push(...next);
    list.append(...next.map(({ element }) => element));
    more.hidden = shown.items.length >= shown.pages.length;
    return next;
  }

  function update() {
    const text = field.value.normalize("NFC");
    if (!index) return;
    const typed = readQuery(text, index);
    const slots = makeSlots(typed, index);
    const pages = slots.length ? findPages(slots, index) : [];
    shown = { pages, marks: marksOf(slots), items: [] };
    list.replaceChildren();
    show(SHOWN_AT_FIRST);
    found.hidden = !pages.length;
    const inDanger = isDanger(typed, index);
    showDanger(inDanger, slots);
    const telling = typed.some(({ word }) => word.length > 2 && !index.stop.has(word));
    announce(telling || inDanger || slots.length > 0, inDanger);
    if (typed.length) loadTexts();
  }

  // The general lines always, the others if they fit.
  function showDanger(inDanger, slots) {
    danger.hidden = !inDanger;
    if (!inDanger) return;
    const fitting = fittingLines(slots, helpLines, index);
    for (const { id, element, always } of helpLines) element.hidden = !always && !fitting.has(id);
  }

  function announce(worth, inDanger) {
    clearTimeout(timer);
    if (!worth) {
      status.textContent = "";
      return;
    }
    timer = setTimeout(() => {
      const { none, one, many, helpFirst } = box.dataset;
      const count = shown.pages.length;
      const words = (count === 0 ? none : count === 1 ? one : many).replace("{n}", count);
      status.textContent = inDanger ? `${helpFirst} ${words}` : words;
    }, ANNOUNCE_AFTER);
  }

  // Down from the field into the results and between them; Tab works as everywhere.
  function walk(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...list.querySelectorAll("[data-page]")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    if (at < 0 && (event.target !== field || event.key === "ArrowUp")) return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) field.focus();
    else links[Math.min(next, links.length - 1)].focus();
  }

  field.addEventListener("focus", load);
  field.addEventListener("input", () => {
    load();
    update();
  });
  box.addEventListener("keydown", walk);
  more.addEventListener("click", () => {
    const [first] = show(shown.items.length + SHOWN_AT_FIRST);
    first?.element.querySelector("a").focus();
  });
  load(); // somebody is waiting in the field, and may have typed
}
