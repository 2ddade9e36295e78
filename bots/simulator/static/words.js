// The page's words in both languages, and the only place that knows them.

const WORDS = {
  ru: {
    brand: "Отклик", title: "Отклик · телефон подписчика", phone: "Телефон подписчика", about_title: "Телефон подписчика",
    about_text: "Пишите здесь от лица подписчиков: в личные сообщения, под постом или в группу. Сообщение появится во входящих, а ответ команды придёт сюда.",
    about_key: "Адрес Bot API для канала:", you_are: "вы пишете как", bot: "Бот", more: "Ещё", where: "Где писать",
    direct: "Личные", comments: "Комментарии", group: "Группа", post: "Пост", attach: "Прикрепить", write: "Сообщение",
    send: "Отправить", cancel: "Отмена", people: "Кто пишет", add: "Добавить подписчика", name: "Имя", add_short: "Добавить",
    photo: "Фото", album: "Альбом", voice: "Голосовое", sticker: "Стикер", document: "Файл", video: "Видео",
    video_note: "Кружок", audio: "Музыка", animation: "GIF", location: "Место", contact: "Контакт", poll: "Опрос",
    reply: "Ответить", edit: "Изменить", remove: "Удалить", block: "Заблокировать бота", unblock: "Разблокировать бота",
    new_post: "Опубликовать пост", publish: "Опубликовать", post_text: "Текст поста",
    blocked: "Бот заблокирован: ответы не дойдут", edited: "изм.", deleted: "Сообщение удалено",
    no_bot: "Боты ещё не подключены", no_bot_text: "Подключите канал Telegram с адресом этой страницы как Bot API — и бот появится здесь.",
    nothing: "Пока тихо", nothing_direct: "Напишите первое сообщение боту.", nothing_comment: "Напишите комментарий — пост появится сам.",
    nothing_group: "Напишите первое сообщение в группу.", no_posts: "Постов пока нет", lost: "Нет связи с симулятором, пробую ещё…",
    editing: "Изменение", replying: "В ответ", comments_count: "комментарии", other: "вложение",
    names: ["Анна Соколова", "Дмитрий Панин", "Марина Ревякина", "kirill_77", "Ольга Лебедева"],
  },
  en: {
    brand: "Otklik", title: "Otklik · a subscriber's phone", phone: "A subscriber's phone", about_title: "A subscriber's phone",
    about_text: "Write here as a subscriber: direct messages, under a post, or in the group. The message shows up in the inbox, and the team's answer comes back here.",
    about_key: "Bot API address for a channel:", you_are: "writing as", bot: "Bot", more: "More", where: "Where to write",
    direct: "Direct", comments: "Comments", group: "Group", post: "Post", attach: "Attach", write: "Message",
    send: "Send", cancel: "Cancel", people: "Who writes", add: "Add a subscriber", name: "Name", add_short: "Add",
    photo: "Photo", album: "Album", voice: "Voice", sticker: "Sticker", document: "File", video: "Video",
    video_note: "Round video", audio: "Music", animation: "GIF", location: "Location", contact: "Contact", poll: "Poll",
    reply: "Reply", edit: "Edit", remove: "Delete", block: "Block the bot", unblock: "Unblock the bot",
    new_post: "Publish a post", publish: "Publish", post_text: "Text of the post",
    blocked: "The bot is blocked: answers will not arrive", edited: "edited", deleted: "Message deleted",
    no_bot: "No bot is connected yet", no_bot_text: "Connect a Telegram channel with this page's address as its Bot API, and the bot shows up here.",
    nothing: "Quiet so far", nothing_direct: "Write the bot a first message.", nothing_comment: "Write a comment; a post will appear by itself.",
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
