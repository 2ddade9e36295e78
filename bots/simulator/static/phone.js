// The phone: who writes, where, what they see. Asks the simulator once a second.

import { drawMessage, excerpt, make, paintAvatar } from "./draw.js";
import { ask, choose } from "./sheets.js";
import { language, speak, words } from "./words.js";

const PLATFORMS = ["telegram", "vk"];
const NOT_IN_VK = new Set(["video_note", "contact"]);
const EVERY = 1000;
const FIRST_ID = 600001;
const NOTICE_LASTS = 5000;
const MEDIA = ["photo", "album", "voice", "sticker", "document", "video", "video_note", "audio", "animation", "location", "contact", "poll"];
const ICONS = { video_note: "video", audio: "voice", animation: "video", location: "place", contact: "talk", poll: "check" };
const WORDLESS = new Set(["sticker", "video_note", "location", "contact", "poll"]);

const part = (id) => document.getElementById(id);
const saved = readSaved();
const state = {
  bots: [], people: [], bot: saved.bot ?? null, me: saved.me ?? null, place: saved.place ?? "direct", post: null,
  messages: new Map(), drawn: new Map(), replyTo: null, editing: null, round: 0,
};
let noticeTimer = 0;
let isAtEnd = true;

function readSaved() {
  try { return JSON.parse(localStorage.getItem("phone") ?? "{}"); } catch { return {}; }
}

function save() {
  try { localStorage.setItem("phone", JSON.stringify({ bot: state.bot, me: state.me, place: state.place })); } catch { /* private window */ }
}

function notice(text, lasts = NOTICE_LASTS) {
  clearTimeout(noticeTimer);
  part("notice").textContent = text;
  part("notice").hidden = !text;
  if (text && lasts) noticeTimer = setTimeout(() => { part("notice").hidden = true; }, lasts);
}

async function request(path, body) {
  const options = body ? { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {};
  const answer = await fetch(path, options);
  const text = await answer.text();
  const parsed = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(parsed?.detail ?? String(answer.status));
  return parsed;
}

async function act(path, body) {
  try {
    const answer = await request(path, { platform: platform(), bot: state.bot, ...body });
    await refresh();
    return answer;
  } catch (error) {
    notice(error.message);
    return null;
  }
}

const bot = () => state.bots.find((one) => one.id === state.bot);
const platform = () => bot()?.platform ?? PLATFORMS[0];
const isBlocked = () => state.people.some((one) => one.id === state.me.id && one.blocked.includes(state.bot));

function takeWorlds(worlds) {
  state.bots = worlds.flatMap((world) => world.bots.map((one) => ({ ...one, platform: world.platform })));
  if (!bot()) state.bot = state.bots[0]?.id ?? null;
  state.people = worlds.find((world) => world.platform === platform()).people;
  if (platform() === "vk" && state.place === "group") state.place = "direct";
  if (!state.me) state.me = { id: FIRST_ID, name: words.names[0] };
  const posts = bot()?.posts ?? [];
  if (!posts.some((one) => one.post_id === state.post)) state.post = posts[0]?.post_id ?? null;
}

async function refresh() {
  const round = ++state.round;
  takeWorlds(await Promise.all(PLATFORMS.map((one) => request(`/sim/world?platform=${one}`))));
  showFrame();
  let items = [];
  if (bot()) {
    const query = new URLSearchParams({ platform: platform(), bot: state.bot, author_id: state.me.id, kind: state.place });
    if (state.place === "comment" && state.post !== null) query.set("post_id", state.post);
    items = (await request(`/sim/view?${query}`)).items;
  }
  if (round === state.round) showTalk(items);
}

function showFrame() {
  paintAvatar(part("my-avatar"), state.me.name, state.me.id);
  part("my-name").textContent = state.me.name;
  for (const button of part("places").children) {
    button.setAttribute("aria-pressed", String(button.dataset.place === state.place));
    button.hidden = button.dataset.place === "group" && platform() === "vk";
  }
  document.body.dataset.platform = platform();
  fillSelect(part("bots"), state.bots.map((one) => [one.id, `${words[one.platform]} · ${one.name}`]), state.bot);
  part("bot-choice").hidden = state.bots.length < 2;
  const posts = (bot()?.posts ?? []).map((one) => [one.post_id, `${one.text || words.post} · ${one.comments}`]);
  fillSelect(part("posts"), posts, state.post);
  part("post-choice").hidden = state.place !== "comment" || !posts.length;
  part("write").classList.toggle("off", !bot());
  const isCut = bot() && state.place === "direct" && isBlocked();
  if (isCut) notice(words.blocked, 0);
  else if (part("notice").textContent === words.blocked) notice("");
}

function fillSelect(select, options, chosen) {
  const key = JSON.stringify(options);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...options.map(([value, label]) => {
      const option = make("option", "", label);
      option.value = value;
      return option;
    }));
  }
  if (chosen !== null) select.value = String(chosen);
}

function showTalk(items) {
  state.messages = new Map(items.map((one) => [one.message_id, one]));
  const talk = part("talk");
  const kept = new Map();
  let before = null;
  for (const message of items) {
    const key = JSON.stringify([message, state.me.id]);
    let entry = state.drawn.get(message.message_id);
    if (entry?.key !== key) {
      const row = drawMessage(message, state.messages);
      entry?.row.replaceWith(row);
      entry = { key, row };
    }
    kept.set(message.message_id, entry);
    const place = before ? before.nextSibling : talk.firstChild;
    if (place !== entry.row) talk.insertBefore(entry.row, place);
    before = entry.row;
  }
  for (const [id, entry] of state.drawn) if (!kept.has(id)) entry.row.remove();
  state.drawn = kept;
  showEmpty(items.length === 0);
}

function toEnd() {
  isAtEnd = true;
  part("scroll").scrollTop = part("scroll").scrollHeight;
}

// Who reads the newest stays with the newest, also while pictures load; who reads back is left in peace.
for (const moved of ["wheel", "touchmove", "keyup", "pointerup"]) {
  part("scroll").addEventListener(moved, () => requestAnimationFrame(() => {
    const scroll = part("scroll");
    isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  }), { passive: true });
}
const growth = new ResizeObserver(() => { if (isAtEnd) toEnd(); });
growth.observe(part("talk"));
growth.observe(part("scroll"));

function showEmpty(isEmpty) {
  part("empty").hidden = !isEmpty;
  part("empty-title").textContent = bot() ? words.nothing : words.no_bot;
  part("empty-text").textContent = bot() ? words[platform() === "vk" && state.place === "direct" ? "nothing_direct_vk" : `nothing_${state.place}`] : words.no_bot_text;
}

function forgetScreen() {
  state.drawn.clear();
  part("talk").replaceChildren();
  answerTo(null);
  save();
  isAtEnd = true;
  return refresh().catch(() => notice(words.lost));
}

function answerTo(message, editing = false) {
  state.replyTo = editing ? null : message;
  state.editing = editing ? message : null;
  part("about-reply").hidden = !message;
  if (message) {
    part("reply-title").textContent = editing ? words.editing : `${words.replying} · ${message.author}`;
    part("reply-text").textContent = excerpt(message);
  }
  if (editing) part("text").value = message.text;
  if (message) part("text").focus();
  fitText();
}

function fitText() {
  const field = part("text");
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
}

async function say(text, media) {
  const body = { kind: state.place, author: { id: state.me.id, name: state.me.name }, text, media };
  if (state.replyTo) body.reply_to = state.replyTo.message_id;
  if (state.place === "comment" && state.post !== null) body.post_id = state.post;
  const said = await act("/sim/say", body);
  if (said) {
    answerTo(null);
    toEnd();
  }
  return said;
}

part("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = part("text");
  const text = field.value.trim();
  if (!text || !bot()) return;
  const editing = state.editing;
  field.value = "";
  fitText();
  if (!editing) {
    if (!(await say(text, []))) field.value = text;
    return;
  }
  answerTo(null);
  await act("/sim/edit", { message_id: editing.message_id, chat: editing.chat.id, text });
});

part("text").addEventListener("input", fitText);
part("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    part("write").requestSubmit();
  }
  if (event.key === "Escape" && (state.editing || state.replyTo)) answerTo(null);
});
part("drop-reply").addEventListener("click", () => { if (state.editing) part("text").value = ""; answerTo(null); });

part("attach").addEventListener("click", () => {
  choose(words.attach, MEDIA.filter((kind) => platform() !== "vk" || !NOT_IN_VK.has(kind)).map((kind) => ({
    label: words[kind], icon: ICONS[kind] ?? kind,
    act: () => {
      const text = WORDLESS.has(kind) ? "" : part("text").value.trim();
      if (text) { part("text").value = ""; fitText(); }
      return say(text, kind === "album" ? ["photo", "photo", "video"] : [kind]);
    },
  })), true);
});

part("places").addEventListener("click", (event) => {
  const place = event.target.dataset.place;
  if (!place || place === state.place) return;
  state.place = place;
  forgetScreen();
});
part("posts").addEventListener("change", () => { state.post = Number(part("posts").value); forgetScreen(); });
part("bots").addEventListener("change", () => { state.bot = Number(part("bots").value); forgetScreen(); });

function become(person) {
  state.me = { id: person.id, name: person.name };
  forgetScreen();
}

part("who").addEventListener("click", () => {
  const known = new Map(words.names.map((name, place) => [FIRST_ID + place, { id: FIRST_ID + place, name }]));
  for (const person of [...state.people, state.me]) known.set(person.id, person);
  const options = [...known.values()].map((person) => ({
    label: person.name, person: person.id, chosen: person.id === state.me.id, act: () => become(person),
  }));
  const nextId = Math.max(...known.keys()) + 1;
  const add = { label: words.add, icon: "plus", act: () => ask(words.add, words.name, words.add_short, false, (name) => become({ id: nextId, name })) };
  choose(words.people, [add, ...options]);
});

part("more").addEventListener("click", () => {
  const blocked = isBlocked();
  choose(words.more, [
    { label: words.new_post, icon: "post", act: () => ask(words.new_post, words.post_text, words.publish, true, publish) },
    { label: blocked ? words.unblock : words.block, icon: "block", danger: !blocked, act: () => act(blocked ? "/sim/unblock" : "/sim/block", { author_id: state.me.id }) },
  ]);
});

async function publish(text) {
  const made = await act("/sim/post", { text });
  if (!made) return;
  state.post = made.post_id;
  state.place = "comment";
  forgetScreen();
}

const RINGS_LASTS = 20;

async function press(message, value) {
  const pressed = await act("/sim/press", { author: { id: state.me.id, name: state.me.name }, message_id: message.message_id, chat: message.chat.id, value });
  for (let round = 0; pressed && round < RINGS_LASTS; round += 1) {
    const query = new URLSearchParams({ platform: PLATFORM, bot: state.bot, press_id: pressed.press_id });
    const answer = await request(`/sim/press?${query}`);
    if (answer.text !== null) return notice(answer.text);
    await new Promise((resolve) => { setTimeout(resolve, EVERY / 4); });
  }
}

part("talk").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-value]");
  if (button) {
    const under = state.messages.get(Number(button.closest(".row").dataset.id));
    if (under) press(under, button.dataset.value).catch(() => notice(words.lost));
    return;
  }
  const row = event.target.closest(".row");
  if (!row || event.target.closest("a, audio, video[controls]")) return;
  const message = state.messages.get(Number(row.dataset.id));
  if (!message || message.deleted || String(getSelection())) return;
  const options = [{ label: words.reply, icon: "reply", act: () => answerTo(message) }];
  if (message.who === "me") {
    const canEdit = !message.media.some((one) => WORDLESS.has(one.kind));
    if (canEdit) options.push({ label: words.edit, icon: "edit", act: () => answerTo(message, true) });
    options.push({ label: words.remove, icon: "trash", danger: true, act: () => act("/sim/delete", { message_id: message.message_id, chat: message.chat.id }) });
  }
  choose(excerpt(message).slice(0, 60), options);
});

async function live() {
  try {
    await refresh();
    if (part("notice").textContent === words.lost) notice("");
  } catch {
    notice(words.lost, 0);
  }
  setTimeout(live, document.hidden ? EVERY * 5 : EVERY);
}

document.title = words.title;
document.documentElement.lang = language;
part("address").textContent = location.origin;
speak(document);
live();
