"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const film = at("film");
const sections = data.sections.map((s) => ({ ...s, item: at(s.key) }));
const lines = [...document.querySelectorAll(".said a")].map((a) => ({ a, from: +a.dataset.from }));
let current = null;

// Captions are put in from here: a page opened from disk may not read a file of captions.
const track = film.addTextTrack("captions", "English", "en");
for (const [from, to, text] of data.cues) track.addCue(new VTTCue(from, to, text));
let captions = true;

// Below the picture they cover nothing; in full screen the browser shows them.
function showCaptions(wanted) {
  captions = wanted;
  track.mode = document.fullscreenElement && wanted ? "showing" : "hidden";
  at("captions").setAttribute("aria-pressed", String(wanted));
  at("caption").classList.toggle("away", !wanted);
}
document.addEventListener("fullscreenchange", () => showCaptions(captions));
function say() {
  const cue = data.cues.findLast(([from, to]) => from <= film.currentTime && film.currentTime < to);
  at("caption").textContent = cue ? cue[2] : "";
}
track.addEventListener("cuechange", say);

function sectionAt(time) {
  return sections.findLast((s) => s.start <= time + 0.002) ?? sections[0];
}

function show(section) {
  if (section === current) return;
  current?.item.classList.remove("playing");
  current = section;
  section.item.classList.add("playing");
  at("now-chapter").textContent = section.chapter;
  at("now-title").textContent = section.title;
  at("numbers").replaceChildren(...section.item.querySelector(".numbers").cloneNode(true).childNodes);
  if (!film.paused && at("search").value === "" && wide.matches) keepInView(section.item);
}
const wide = matchMedia("(min-width: 1001px)");
function keepInView(item) {
  const box = item.getBoundingClientRect();
  if (box.top < 80 || box.bottom > innerHeight) item.scrollIntoView({ block: "center" });
}

function tick() {
  say();
  show(sectionAt(film.currentTime));
  const said = lines.findLast((l) => l.from <= film.currentTime + 0.002);
  for (const line of lines) line.a.classList.toggle("speaking", line === said && film.currentTime > 0);
}

function go(time) {
  film.currentTime = Math.min(Math.max(0, time), film.duration || data.seconds);
  tick();
}
function step(by) {
  const i = sections.indexOf(sectionAt(film.currentTime));
  const started = by < 0 && film.currentTime - sections[i].start > 2;
  const to = sections[started ? i : i + by] ?? sections[i];
  go(to.start);
}
function play() { film.paused ? film.play() : film.pause(); }
function speed(by) {
  const list = at("speed"), to = list.selectedIndex + by;
  if (list.options[to]) { list.selectedIndex = to; film.playbackRate = +list.value; }
}

// Links: #CHAPTER:SECTION, #CHAPTER and #t=SECONDS.
function wished() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
}
function follow() {
  const name = wished();
  const seconds = name.startsWith("t=") ? parseFloat(name.slice(2)) : NaN;
  const found = sections.find((s) => s.key === name || s.key.startsWith(name + ":"));
  if (name && found) go(found.start);
  else if (seconds >= 0) go(seconds);
  else tick();
}
addEventListener("hashchange", follow);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-from]");
  if (!link) return;
  if (link.hash === "" || link.hash === location.hash) event.preventDefault();
  go(+link.dataset.from);
});

// A section is found where all the words stand in it, wherever; words in a row are marked as one.
function search() {
  const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const escaped = [words.join(" "), ...words].map((w) => w.replace(/[^\p{L}\p{N}\s]/gu, "\\$&"));
  const pattern = words.length ? new RegExp(`(${escaped.join("|")})`, "i") : null;
  let found = 0;
  for (const section of sections) {
    const hit = words.every((word) => section.item.dataset.words.includes(word));
    section.item.classList.toggle("away", !hit);
    found += hit;
    for (const text of section.item.querySelectorAll("[data-text]")) mark(text, hit && pattern);
  }
  for (const chapter of document.querySelectorAll(".chapter"))
    chapter.classList.toggle("away", !chapter.querySelector("li[data-words]:not(.away)"));
  at("found").textContent = pattern ? (found ? `${found} of ${sections.length}` : "nothing") : "";
}
function mark(element, pattern) {
  const parts = pattern ? element.textContent.split(pattern) : [element.textContent];
  element.replaceChildren(...parts.map((part, i) => {
    if (i % 2 === 0) return part;
    const hit = document.createElement("mark");
    hit.textContent = part;
    return hit;
  }));
}
at("search").addEventListener("input", search);
at("search").addEventListener("keydown", (event) => {
  if (event.key === "Escape") { at("search").value = ""; search(); at("search").blur(); }
  if (event.key === "Enter") {
    const first = sections.find((s) => !s.item.classList.contains("away"));
    if (first) go(first.start);
  }
});

function help() {
  const keys = at("keys");
  keys.hidden = !keys.hidden;
  at("help").setAttribute("aria-expanded", String(!keys.hidden));
}
async function copyLink() {
  const link = location.href.split("#")[0] + "#" + current.key;
  try {
    await navigator.clipboard.writeText(link);
    at("link").textContent = "Copied";
  } catch {
    location.hash = current.key;
    at("link").textContent = "In the address";
  }
  setTimeout(() => { at("link").textContent = "Copy link"; }, 1500);
}

const KEYS = {
  " ": play, k: play,
  j: () => go(film.currentTime - 10), l: () => go(film.currentTime + 10),
  ArrowLeft: () => go(film.currentTime - 5), ArrowRight: () => go(film.currentTime + 5),
  "[": () => step(-1), "]": () => step(1), "<": () => speed(-1), ">": () => speed(1),
  c: () => showCaptions(!captions), m: () => { film.muted = !film.muted; },
  f: () => (document.fullscreenElement ? document.exitFullscreen() : film.requestFullscreen()),
  "/": () => at("search").focus(), "?": help,
  Home: () => go(0), End: () => go(data.seconds),
};
addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select");
  const pressing = event.key === " " && event.target.closest("button, summary, a");
  const act = KEYS[event.key];
  if (!act || typing || pressing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}, true);

film.addEventListener("timeupdate", tick);
film.addEventListener("seeked", tick);
at("back").addEventListener("click", () => step(-1));
at("next").addEventListener("click", () => step(1));
at("captions").addEventListener("click", () => showCaptions(!captions));
at("speed").addEventListener("change", () => { film.playbackRate = +at("speed").value; });
at("link").addEventListener("click", copyLink);
at("help").addEventListener("click", help);
showCaptions(true);
if (film.readyState) follow();
else { film.addEventListener("loadedmetadata", follow, { once: true }); tick(); }
