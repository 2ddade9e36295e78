// Draws messages, avatars and sheets; knows nothing of the network.

import { language, words } from "./words.js";

const HUES = 6;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const SIZES = ["Б", "КБ", "МБ", "ГБ"];
const SIZES_EN = ["B", "KB", "MB", "GB"];

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function icon(name, small) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", small ? "icon small" : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function paintAvatar(element, name, id) {
  const parts = name.replace(/[^\p{L}\p{N} ]/gu, " ").trim().split(/\s+/);
  element.textContent = parts.slice(0, 2).map((part) => [...part][0] ?? "").join("").toUpperCase();
  element.className = `avatar hue${Math.abs(id) % HUES}`;
}

export function avatar(name, id) {
  const element = make("span");
  element.setAttribute("aria-hidden", "true");
  paintAvatar(element, name, id);
  return element;
}

export function hueOf(name) {
  return [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % HUES;
}

export function excerpt(message) {
  if (!message) return "";
  return message.text || message.media.map((one) => words[one.kind] ?? words.other).join(", ");
}

function sizeOf(bytes) {
  let step = 0;
  let left = bytes;
  while (left >= 1024 && step < 3) { left /= 1024; step += 1; }
  const units = language === "ru" ? SIZES : SIZES_EN;
  return `${left >= 10 || step === 0 ? Math.round(left) : left.toFixed(1)} ${units[step]}`;
}

function lengthOf(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function player(tag, media, className) {
  const element = make(tag, className);
  element.src = media.url;
  element.controls = true;
  element.preload = "metadata";
  return element;
}

function moving(media, className) {
  const element = make("video", className);
  Object.assign(element, { src: media.url, muted: true, loop: true, autoplay: true, playsInline: true });
  return element;
}

function fileCard(media) {
  const link = make("a", "file");
  link.href = media.url;
  link.target = "_blank";
  link.rel = "noopener";
  const text = make("span");
  text.append(make("b", "", media.file_name ?? words.document), make("small", "", sizeOf(media.size ?? 0)));
  link.append(icon("document"), text);
  return link;
}

function thing(media) {
  const card = make("span", "file");
  const text = make("span");
  text.append(make("b", "", words[media.kind] ?? words.other), make("small", "", media.title ?? ""));
  card.append(icon(media.kind === "location" ? "place" : "talk"), text);
  return card;
}

const DRAWN = {
  photo: (media) => {
    const image = make("img", "picture");
    Object.assign(image, { src: media.url, alt: words.photo, loading: "lazy" });
    return image;
  },
  sticker: (media) => {
    const image = make("img", "sticker");
    Object.assign(image, { src: media.url, alt: words.sticker });
    return image;
  },
  video: (media) => player("video", media, "picture"),
  animation: (media) => moving(media, "picture"),
  video_note: (media) => moving(media, "circle"),
  voice: (media) => {
    const line = make("span", "voice");
    line.append(player("audio", media), make("small", "", media.duration ? lengthOf(media.duration) : ""));
    return line;
  },
  audio: (media) => player("audio", media),
  document: fileCard,
};

function mediaOf(media) {
  const draw = media.url ? DRAWN[media.kind] : null;
  return draw ? draw(media) : thing(media);
}

function quoteOf(message, known) {
  const answered = message.reply_to === null ? undefined : known.get(message.reply_to);
  if (!answered || answered.who === "channel") return null;
  const quote = make("span", `quote hue${hueOf(answered.author)}`);
  quote.append(make("b", "", answered.author), make("i", "", excerpt(answered)));
  return quote;
}

function footOf(message) {
  const foot = make("span", "foot");
  if (message.edited_at) foot.append(make("span", "", words.edited));
  const time = make("time", "", clock.format(new Date(message.at)));
  time.dateTime = message.at;
  foot.append(time);
  return foot;
}

function buttonsOf(line) {
  const keys = make("span", "keys");
  for (const one of line) {
    const key = make("button", "key", one.text);
    key.type = "button";
    key.dataset.value = one.value;
    keys.append(key);
  }
  return keys;
}

function actButton() {
  const button = make("button", "act");
  button.type = "button";
  button.setAttribute("aria-label", words.more);
  button.append(icon("more", true));
  return button;
}

function isBare(message) {
  return !message.text && message.media.length > 0 && message.media.every((one) => ["sticker", "video_note"].includes(one.kind));
}

export function drawMessage(message, known) {
  const row = make("li", `row ${message.who}`);
  row.dataset.id = message.message_id;
  const bubble = make("div", "bubble");
  if (message.deleted) {
    bubble.classList.add("gone");
    bubble.append(make("span", "text", words.deleted), footOf(message));
    row.append(bubble);
    return row;
  }
  const bare = isBare(message);
  bubble.classList.toggle("bare", bare);
  if (message.who !== "me" && !bare) bubble.append(make("b", `author hue${hueOf(message.author)}`, message.author));
  const quote = quoteOf(message, known);
  if (quote) bubble.append(quote);
  bubble.append(...message.media.map(mediaOf));
  if (message.text) bubble.append(make("span", "text", message.text));
  for (const line of message.buttons ?? []) bubble.append(buttonsOf(line));
  bubble.append(footOf(message));
  if (message.who === "other" || message.who === "bot") row.append(avatar(message.author, hueOf(message.author)));
  row.append(bubble, actButton());
  return row;
}
