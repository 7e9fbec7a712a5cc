"use strict";
const { sections } = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const videos = [...document.querySelectorAll("video")];
let now = 0, on = 0, resting = false;
for (const video of videos) video.muted = !sections.some((s) => s.sound);

// Two players take turns: one shows a section while the other has the next one ready.
function load(video, i) {
  if (!sections[i] || video.dataset.section === String(i)) return;
  video.dataset.section = i;
  video.src = sections[i].clip;
}

function open(i, play = true) {
  if (!sections[i]) return;
  now = i;
  rest(false);
  const to = videos.findIndex((v) => v.dataset.section === String(i));
  const next = to >= 0 ? to : 1 - on;
  load(videos[next], i);
  const video = videos[next];
  const show = () => {
    if (now !== i) return;
    videos[on].classList.remove("on");
    if (next !== on) videos[on].pause();
    on = next;
    video.classList.add("on");
    load(videos[1 - on], i + 1);
  };
  if (video.currentTime > 0) video.currentTime = 0;
  if (video.readyState >= 2) show();
  else video.addEventListener("canplay", show, { once: true });
  if (play) video.play().catch(() => rest(true));
  location.replace("#" + sections[i].key);
  at("place").textContent = `${i + 1} / ${sections.length}   ${sections[i].title}`;
  at("notes").textContent = sections[i].notes;
}

// A section that asks for a pause stands at its end; the others run on into the next.
function ended(event) {
  if (event.target !== videos[on]) return;
  if (sections[now].pause || now === sections.length - 1) rest(true);
  else open(now + 1);
}
function rest(wanted) {
  resting = wanted;
  at("rest").textContent = wanted ? (now < sections.length - 1 ? "pause" : "end") : "";
  document.body.classList.toggle("resting", wanted);
}
function forward() { if (now < sections.length - 1) open(now + 1); }
function back() {
  const video = videos[on];
  open(video.currentTime > 1 || now === 0 ? now : now - 1);
}
function hold() {
  const video = videos[on];
  if (resting) forward();
  else if (video.paused) video.play();
  else video.pause();
}
function toggle(id) { at(id).hidden = !at(id).hidden; }
function overview() {
  toggle("overview");
  for (const b of at("overview").querySelectorAll("button"))
    b.classList.toggle("here", +b.dataset.section === now);
  at("overview").querySelector(".here")?.focus();
}

const KEYS = {
  ArrowRight: forward, PageDown: forward, Enter: forward, ArrowDown: forward,
  ArrowLeft: back, PageUp: back, ArrowUp: back, Backspace: back,
  " ": hold, n: () => toggle("notes"), o: overview, "?": () => toggle("keys"),
  b: () => document.body.classList.toggle("black"),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : document.body.requestFullscreen()),
  Home: () => open(0), End: () => open(sections.length - 1),
  Escape: () => { at("overview").hidden = at("keys").hidden = true; },
};
addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!at("overview").hidden && [" ", "Enter"].includes(event.key)) return;
  event.preventDefault();
  act();
});
at("screen").addEventListener("click", () => (resting ? forward() : hold()));
at("overview").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) { at("overview").hidden = true; open(+button.dataset.section); }
});
let still;
addEventListener("mousemove", () => {
  document.body.classList.add("moving");
  clearTimeout(still);
  still = setTimeout(() => document.body.classList.remove("moving"), 2500);
});
for (const video of videos) video.addEventListener("ended", ended);
function wished() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
}
const wanted = wished();
open(Math.max(0, sections.findIndex((s) => s.key === wanted)));
