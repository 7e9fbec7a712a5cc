"use strict";

// The page follows the state that the preview sends: what it shows is a function of that state, of
// the section chosen (kept in the address) and of the clip's time.

const $ = (id) => document.getElementById(id);
const video = $("clip");
let film = { chapters: [], shown: "" };
let shown = wished();
let loaded = ""; // the address of the clip in the player
let wish = ""; // the address of the clip on its way
let known = new Map(); // titles of sections that have been there

function wished() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
}
const sections = () => film.chapters.flatMap((c) => c.sections.map((s) => ({ ...s, chapter: c })));
const current = () => sections().find((s) => s.name === shown);

// ---- what the preview says

const news = new EventSource("/events");
news.onmessage = (event) => {
  $("ended").hidden = true;
  film = JSON.parse(event.data);
  if (!film.chapters) return;
  if (!shown) choose(film.shown, false);
  else if (shown !== film.shown && !told) order("show", shown);
  told = true;
  for (const s of sections()) known.set(s.name, s.title);
  render();
};
news.onerror = () => { $("ended").hidden = false; told = false; };
let told = false; // whether the preview knows which section this page shows

function order(what, section = null) {
  const body = JSON.stringify({ do: what, what: section });
  fetch("/order", { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => {});
}

function choose(name, tell = true) {
  shown = name;
  history.replaceState(null, "", "#" + encodeURIComponent(name));
  if (tell) order("show", name);
  render();
}

// ---- what is shown

function render() {
  const section = current();
  renderFilm();
  renderHead(section);
  renderGone(section);
  renderFault(section);
  if (section) renderPicture(section);
}

function renderFilm() {
  const nodes = [];
  for (const chapter of film.chapters) {
    const here = chapter.sections.some((s) => s.name === shown);
    nodes.push(element("h2", { className: here ? "current" : "" }, `${chapter.number} · ${chapter.title}`));
    const list = element("ol");
    for (const section of chapter.sections) {
      const button = element("button", { title: words(section) });
      button.append(element("span", { className: `dot ${section.state}` }), section.title);
      if (section.name === shown) button.setAttribute("aria-current", "true");
      button.onclick = () => choose(section.name);
      list.append(wrap("li", button));
    }
    nodes.push(list);
  }
  const key = JSON.stringify([shown, film.chapters.map((c) => [c.key, c.title, c.sections.map((s) => [s.name, s.title, s.state])])]);
  if (renderFilm.key === key) return; // as it is: it keeps its focus
  renderFilm.key = key;
  $("film").replaceChildren(...nodes);
  $("film").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

function renderHead(section) {
  document.title = section ? `${section.title} – preview` : "Preview";
  $("chapter").textContent = section ? `${section.chapter.number} · ${section.chapter.title}  —  ${section.name}` : "";
  $("title").textContent = section ? section.title : "";
  const state = $("state");
  state.replaceChildren();
  if (section) state.append(wrap("b", element("span", { className: faultOf(section) ? "failed" : section.state }, words(section))));
}

function words(section) {
  if (faultOf(section)) return "broken: the picture is of an older version";
  const took = section.took.clip ?? section.took.still;
  switch (section.state) {
    case "fresh": return took ? `drawn ${took.toFixed(1)} s after the save` : "up to date";
    case "drawing": return section.drawn ? `drawing: ${section.drawn}${section.frames ? ` of about ${section.frames}` : ""} frames` : "drawing";
    case "stale": return section.why.length ? `stale: ${section.why[0]}` : "waiting to be drawn";
    default: return "";
  }
}

const faultOf = (section) => section.chapter?.fault || (section.state === "failed" && section.fault) || null;

function renderGone(section) {
  const gone = $("gone");
  gone.hidden = Boolean(section) || !film.chapters.length;
  $("transport").hidden = !gone.hidden;
  if (gone.hidden) return;
  empty();
  $("still").hidden = $("caption").hidden = $("badge").hidden = true;
  gone.replaceChildren(
    element("h2", {}, known.has(shown) ? `“${known.get(shown)}” is gone` : "There is no such section"),
    element("p", {}, `${shown} is not among the sections of its chapter any more. Choose another on the left, or put it back: it will be shown again.`),
  );
}

function renderFault(section) {
  const fault = section ? faultOf(section) : film.chapters.find((c) => c.fault)?.fault;
  const panel = $("fault");
  panel.hidden = !fault;
  if (!fault) return;
  panel.querySelector("h2").textContent = fault.line.replace(/ \([^()]+\.py, line \d+\)$/, "");
  panel.querySelector(".place").textContent = fault.file ? `${fault.file}, line ${fault.number}` : "";
  const lines = fault.source.map(([number, text]) => {
    const line = element("li", { className: number === fault.number ? "here" : "" });
    line.append(element("span", {}, String(number)), text);
    return line;
  });
  panel.querySelector(".source").replaceChildren(...lines);
  panel.querySelector("details").hidden = !fault.trace;
  panel.querySelector("pre").textContent = fault.trace;
}

function renderPicture(section) {
  const fresh = section.state === "fresh";
  const broken = Boolean(faultOf(section));
  // The last frame comes first; the clip takes its place when it is there.
  const ahead = section.still && !fresh && !broken;
  const still = $("still");
  if (ahead && still.dataset.of !== section.still) {
    still.dataset.of = section.still;
    still.src = section.still;
  }
  if (ahead) video.pause(); // it is covered, and drawing needs the processor
  still.hidden = !ahead && !(still.dataset.of && still.dataset.of === section.still && section.clip !== loaded && !broken);
  $("stage").classList.toggle("old", (!fresh && !ahead) || broken);
  $("badge").hidden = still.hidden;
  $("badge").textContent = "last frame · the clip is coming";
  if (section.clip && section.clip !== loaded && section.clip !== wish && (fresh || !loaded || !belongs(loaded, section))) load(section);
  if (!section.clip && loaded && !belongs(loaded, section)) empty();
  renderCaption(section);
}

function empty() {
  loaded = wish = "";
  video.removeAttribute("src");
  video.load();
}

const belongs = (address, section) => address.startsWith(`/pictures/${section.name.replace(":", "-")}-`);

async function load(section) {
  wish = section.clip;
  try {
    const answer = await fetch(section.clip);
    if (!answer.ok) throw new Error(answer.status);
    const blob = await answer.blob();
    if (wish !== section.clip) return; // another was chosen meanwhile
    URL.revokeObjectURL(video.src);
    video.src = URL.createObjectURL(blob);
    video.onloadeddata = () => { loaded = wish; wish = ""; render(); };
    video.play().catch(() => {});
  } catch { wish = ""; }
}

// ---- playing

const frame = () => 1 / (current()?.fps || 15);
const end = () => Math.max(0, (video.duration || 0) - frame() / 2);

function seek(seconds) {
  video.currentTime = Math.min(Math.max(0, seconds), end());
  tick();
}
function step(frames) { video.pause(); seek((Math.round(video.currentTime / frame() - 0.5) + 0.5 + frames) * frame()); }
function toggle() {
  if (!video.paused) return video.pause();
  if (video.currentTime >= end()) video.currentTime = 0;
  video.play().catch(() => {});
}
function move(by) {
  const all = sections();
  const at = all.findIndex((s) => s.name === shown);
  const next = all[Math.min(Math.max(0, at + by), all.length - 1)];
  if (next && next.name !== shown) choose(next.name);
}
function press(button, on) { button.setAttribute("aria-pressed", String(on)); }
const pressed = (button) => button.getAttribute("aria-pressed") === "true";
function toggleLoop() { press($("loop"), !pressed($("loop"))); video.loop = pressed($("loop")); }
function toggleCaptions() { press($("captions"), !pressed($("captions"))); render(); }

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}.${Math.floor((seconds % 1) * 10)}`;
}
function tick() {
  const all = video.duration || 0;
  $("scrub").value = all ? (1000 * video.currentTime) / all : 0;
  const frames = current()?.frames || 0;
  const at = Math.min(frames, Math.floor(video.currentTime / frame() + 1e-6) + 1);
  $("time").textContent = all ? `${clock(video.currentTime)} / ${clock(all)} · ${at}/${frames}` : "";
  $("play").classList.toggle("playing", !video.paused);
  const section = current();
  if (section) renderCaption(section);
}
function renderCaption(section) {
  const ahead = !$("still").hidden;
  const cue = section.cues.find((c) => c.start <= video.currentTime && video.currentTime < c.end);
  $("caption").hidden = !cue || ahead || !loaded || !pressed($("captions"));
  if (cue && $("caption").textContent !== cue.text) $("caption").textContent = cue.text;
}

video.loop = true;
(function follow() { tick(); requestAnimationFrame(follow); })();
$("scrub").oninput = () => { video.pause(); seek((($("scrub").value) / 1000) * video.duration); };
$("play").onclick = toggle;
$("loop").onclick = toggleLoop;
$("captions").onclick = toggleCaptions;
$("stage").onclick = toggle;
window.onhashchange = () => choose(wished());

const KEYS = {
  ArrowUp: () => move(-1), ArrowDown: () => move(1), PageUp: () => move(-1), PageDown: () => move(1),
  " ": toggle, ArrowLeft: (e) => (e.shiftKey ? seek(video.currentTime - 1) : step(-1)),
  ArrowRight: (e) => (e.shiftKey ? seek(video.currentTime + 1) : step(1)),
  Home: () => { video.pause(); seek(0); }, End: () => { video.pause(); seek(end()); },
  l: toggleLoop, c: toggleCaptions, r: () => order("again"),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : $("stage").requestFullscreen()),
};
document.onkeydown = (event) => {
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  document.activeElement?.blur?.();
  act(event);
};

// ---- small help

function element(tag, properties = {}, text = "") {
  const node = Object.assign(document.createElement(tag), properties);
  if (text) node.append(text);
  return node;
}
function wrap(tag, child) { const node = element(tag); node.append(child); return node; }
