// The sheet that rises from the bottom: choices, or one field to fill.

import { avatar, icon, make } from "./draw.js";
import { words } from "./words.js";

const sheet = document.getElementById("sheet");

sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });

// A modal sheet stands above the page, so it is told where the phone is.
function place() {
  const frame = sheet.parentElement;
  const box = frame.getBoundingClientRect();
  sheet.style.left = `${box.left + frame.clientLeft}px`;
  sheet.style.width = `${frame.clientWidth}px`;
  sheet.style.bottom = `${innerHeight - box.top - frame.clientTop - frame.clientHeight}px`;
}

addEventListener("resize", () => { if (sheet.open) place(); });

function open(title, ...parts) {
  const head = make("div", "sheet-head");
  const close = make("button", "round");
  close.type = "button";
  close.setAttribute("aria-label", words.cancel);
  close.append(icon("close"));
  close.addEventListener("click", () => sheet.close());
  head.append(make("b", "", title), close);
  sheet.setAttribute("aria-label", title);
  sheet.replaceChildren(head, ...parts);
  place();
  if (!sheet.open) sheet.showModal();
}

function choice(option) {
  const button = make("button", option.danger ? "choice danger" : "choice");
  button.type = "button";
  button.append(option.person ? avatar(option.label, option.person) : icon(option.icon), make("span", "", option.label));
  if (option.chosen) button.append(icon("check", true));
  button.addEventListener("click", () => { sheet.close(); option.act(); });
  return button;
}

export function choose(title, options, isGrid) {
  const list = make("div", isGrid ? "choices grid" : "choices");
  list.append(...options.map(choice));
  open(title, list);
}

export function ask(title, label, button, long, act) {
  const form = make("form", "ask");
  const field = make(long ? "textarea" : "input");
  field.setAttribute("aria-label", label);
  field.placeholder = label;
  field.required = true;
  field.maxLength = long ? 4096 : 100;
  if (long) field.rows = 4;
  const submit = make("button", "solid", button);
  form.append(field, submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    sheet.close();
    act(text);
  });
  open(title, form);
  field.focus();
}
