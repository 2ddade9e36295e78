"""Why Telegram refused, in sentences for people: keys of the language files, marked by N_."""

from bots.receiving import CANNOT_STORE as CANNOT_STORE
from inbox.channels.receivers import ANOTHER_POLLER as ANOTHER_POLLER
from inbox.channels.receivers import WEBHOOK_IS_SET as WEBHOOK_IS_SET

N_ = str
"""Marks a sentence for the translators."""

UNKNOWN_ADDRESS = N_("This address is not one of Telegram's.")

CANNOT_CONNECT = N_("Telegram could not be reached.")
NO_ANSWER = N_("Telegram did not answer.")
TOO_MANY_CALLS = N_("Telegram asks to wait: too many messages.")
KEY_REVOKED = N_("Telegram does not accept this bot token: it was revoked or mistyped.")
CHAT_MIGRATED = N_("The group became a supergroup.")
NO_PROXY_SUPPORT = N_("This kind of proxy needs the package aiohttp-socks.")

BLOCKED = N_("The contact blocked the bot or never wrote to it.")
DEACTIVATED = N_("The contact's account was deleted.")
NOT_IN_CHAT = N_("The bot is no longer a member of this chat.")
CHAT_NOT_FOUND = N_("Telegram knows no such chat.")
NO_RIGHT_TO_WRITE = N_("The bot may not write in this chat.")
NO_RIGHT = N_("The bot lacks the administrator's right for this.")
TOPIC_CLOSED = N_("The topic is closed or deleted.")
BUSINESS_GONE = N_("The business account no longer lets the bot answer for it.")
BUSINESS_WINDOW_CLOSED = N_("The business account allows answers only within 24 hours of the contact's last message.")
VOICE_FORBIDDEN = N_("The contact does not accept voice and video messages.")
PERSON_NOT_FOUND = N_("Telegram knows no such person in this chat.")
PERSON_IS_ADMINISTRATOR = N_("Administrators of the chat cannot be banned or restricted.")
CANNOT_RESTRICT_CHANNEL = N_("Who writes as a channel can be banned, not restricted.")
CANNOT_DELETE = N_("Telegram does not let the bot delete this message; after 48 hours it can no longer be deleted.")
CANNOT_EDIT = N_("Telegram does not let the bot edit this message any more.")
NOT_MODIFIED = N_("The message has this text already.")
HAS_NO_TEXT = N_("The message has no text that could be edited.")
MESSAGE_GONE = N_("The message no longer exists.")
NOT_RESTORED = N_("Telegram has no way to restore a deleted message. Its text is kept here.")
COMMENTS_STAY = N_("Telegram lets no bot close the comments of a post. Close them in the channel itself.")
PRIVATE_TALK = N_("A private talk has no bans or mutes: the person can be banned in a group only.")
ONLY_GROUPS = N_("This is possible in groups only.")

EMPTY_TEXT = N_("There is nothing to send: the text is empty.")
TEXT_TOO_LONG = N_("The text is longer than 4096 characters.")
CAPTION_TOO_LONG = N_("A text sent with files may have 1024 characters: shorten it, or send it by itself.")
TOO_MANY_FILES = N_("Telegram takes at most 10 files in one message.")
FILE_TOO_BIG = N_("The file is bigger than Telegram lets bots send.")
FILE_REFUSED = N_("Telegram could not read the file.")
TOO_BIG_TO_FETCH = N_("The file is bigger than 20 MB: Telegram does not give it to bots.")
FILE_GONE = N_("Telegram no longer has this file.")

PRIVACY_MODE = N_("Privacy mode is on: in groups the bot sees only messages addressed to it.")
NO_DISCUSSION_GROUP = N_("No known group is the discussion group of a channel.")
NO_CHAT = N_("The bot is not in any known group.")
