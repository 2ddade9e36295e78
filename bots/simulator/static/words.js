// The page's words in both languages, and the only place that knows them.

const WORDS = {
  ru: {
    brand: "Отклик", title: "Отклик · телефон подписчика", phone: "Телефон подписчика", about_title: "Телефон подписчика",
    about_text: "Пишите здесь от лица подписчиков: в личные сообщения, под постом или в группу. Сообщение появится во входящих, а ответ команды придёт сюда.",
    telegram: "Telegram", vk: "ВК", about_key: "Адрес API для канала:", you_are: "вы пишете как", bot: "Бот или сообщество", more: "Ещё", where: "Где писать",
    direct: "Личные", comments: "Комментарии", group: "Группа", post: "Пост", attach: "Прикрепить", write: "Сообщение",
    send: "Отправить", cancel: "Отмена", people: "Кто пишет", add: "Добавить подписчика", name: "Имя", add_short: "Добавить",
    photo: "Фото", album: "Альбом", voice: "Голосовое", sticker: "Стикер", document: "Файл", video: "Видео",
    video_note: "Кружок", audio: "Музыка", animation: "GIF", location: "Место", contact: "Контакт", poll: "Опрос",
    reply: "Ответить", edit: "Изменить", remove: "Удалить", block: "Запретить сообщения", unblock: "Разрешить сообщения",
    new_post: "Опубликовать пост", publish: "Опубликовать", post_text: "Текст поста",
    blocked: "Сообщения запрещены: ответы не дойдут", edited: "изм.", deleted: "Сообщение удалено",
    no_bot: "Каналы ещё не подключены", no_bot_text: "Подключите бота Telegram или сообщество ВК с адресом этой страницы как API — и они появятся здесь.",
    nothing: "Пока тихо", nothing_direct: "Напишите первое сообщение боту.", nothing_direct_vk: "Напишите первое сообщение сообществу.", nothing_comment: "Напишите комментарий — пост появится сам.",
    nothing_group: "Напишите первое сообщение в группу.", no_posts: "Постов пока нет", lost: "Нет связи с симулятором, пробую ещё…",
    editing: "Изменение", replying: "В ответ", comments_count: "комментарии", other: "вложение",
    names: ["Анна Соколова", "Дмитрий Панин", "Марина Ревякина", "kirill_77", "Ольга Лебедева"],
  },
  en: {
    brand: "Otklik", title: "Otklik · a subscriber's phone", phone: "A subscriber's phone", about_title: "A subscriber's phone",
    about_text: "Write here as a subscriber: direct messages, under a post, or in the group. The message shows up in the inbox, and the team's answer comes back here.",
    telegram: "Telegram", vk: "VK", about_key: "API address for a channel:", you_are: "writing as", bot: "Bot or community", more: "More", where: "Where to write",
    direct: "Direct", comments: "Comments", group: "Group", post: "Post", attach: "Attach", write: "Message",
    send: "Send", cancel: "Cancel", people: "Who writes", add: "Add a subscriber", name: "Name", add_short: "Add",
    photo: "Photo", album: "Album", voice: "Voice", sticker: "Sticker", document: "File", video: "Video",
    video_note: "Round video", audio: "Music", animation: "GIF", location: "Location", contact: "Contact", poll: "Poll",
    reply: "Reply", edit: "Edit", remove: "Delete", block: "Forbid messages", unblock: "Allow messages",
    new_post: "Publish a post", publish: "Publish", post_text: "Text of the post",
    blocked: "Messages are forbidden: answers will not arrive", edited: "edited", deleted: "Message deleted",
    no_bot: "No channel is connected yet", no_bot_text: "Connect a Telegram bot or a VK community with this page's address as its API, and it shows up here.",
    nothing: "Quiet so far", nothing_direct: "Write the bot a first message.", nothing_direct_vk: "Write the community a first message.", nothing_comment: "Write a comment; a post will appear by itself.",
    nothing_group: "Write a first message to the group.", no_posts: "No posts yet", lost: "The simulator is out of reach, trying again…",
    editing: "Editing", replying: "Reply to", comments_count: "comments", other: "attachment",
    names: ["Anna Sokolova", "Dmitry Panin", "Marina Revyakina", "kirill_77", "Olga Lebedeva"],
  },
};

export const language = document.documentElement.lang === "en" ? "en" : "ru";
export const words = WORDS[language];

export function speak(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = words[element.dataset.t];
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", words[element.dataset.tLabel]);
    if (element.matches("button")) element.title = words[element.dataset.tLabel];
  }
  for (const element of root.querySelectorAll("[data-t-placeholder]")) element.placeholder = words[element.dataset.tPlaceholder];
}
