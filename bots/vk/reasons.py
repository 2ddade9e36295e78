"""Why VK refused, in sentences for people: keys of the language files, marked by N_."""

N_ = str
"""Marks a sentence for the translators."""

UNKNOWN_ADDRESS = N_("This address is not one of VK's.")

CANNOT_CONNECT = N_("VK could not be reached.")
NO_ANSWER = N_("VK did not answer.")
NO_PROXY_SUPPORT = N_("This kind of proxy needs the package PySocks.")
TOO_MANY_CALLS = N_("VK asks to wait: too many calls.")
FLOOD = N_("VK asks to wait: too many similar actions.")
VK_BUSY = N_("VK had an error of its own; it is tried again.")

KEY_REVOKED = N_("VK does not accept this community key: it was revoked, expired or mistyped.")
KEY_LACKS_RIGHT = N_("The community key lacks the right for this: create one with all rights.")
WRONG_KEY_KIND = N_("VK does not let a community key do this.")
CAPTCHA = N_("VK asks for a captcha, which only a person can solve: do it in VK, then check the channel.")
VALIDATION = N_("VK wants the account to be confirmed: open VK as its owner, then check the channel.")
OTHER_COMMUNITY = N_("This key belongs to another community.")
NOT_A_COMMUNITY_KEY = N_("This is not a community's key.")

NEEDS_USER_KEY = N_("A community key cannot do this: add an administrator's key, or open it in VK.")
USER_KEY_REVOKED = N_("VK no longer accepts the administrator's key: get a new one.")
USER_KEY_LACKS_RIGHT = N_("The owner of the administrator's key may not do this in the community.")
USER_KEY_CAPTCHA = N_(
    "VK asks the owner of the administrator's key for a captcha: do it in VK, then check the channel."
)
ONLY_IN_VK = N_("VK lets no program answer or act here: open it in VK.")

NOT_ALLOWED_TO_WRITE = N_("The contact has not allowed messages from the community: answer under a comment.")
BLACKLISTED = N_("The contact is in the community's blacklist.")
PRIVACY = N_("The contact's privacy settings do not let the community write.")
REPLY_TIMED_OUT = N_("The time in which VK allows an answer is over: the contact has to write again.")
CONTACT_NOT_FOUND = N_("VK knows no such contact.")
PERSON_DELETED = N_("This page was deleted or blocked.")
NO_CHAT_ACCESS = N_("The community is not a member of this chat, or may not write there.")

EMPTY_TEXT = N_("There is nothing to send: the text is empty.")
TEXT_TOO_LONG = N_("The text is longer than VK allows (4096 characters in a message).")
TOO_MANY_FILES = N_("VK takes at most 10 files in one message.")
VIDEO_NOT_POSSIBLE = N_("A community key cannot upload videos: send a link.")
ATTACHMENTS_NEED_USER_KEY = N_("Files in a comment need an administrator's key.")
ONLY_PHOTOS_IN_COMMENTS = N_("Only photos can be attached to a comment.")
FILE_REFUSED = N_("VK could not read the file.")
FILE_GONE = N_("VK no longer has this file.")
FOREIGN_FILE = N_("This file does not lie with VK.")

COMMENTS_CLOSED = N_("Comments are closed here.")
NO_ACCESS_TO_COMMENTS = N_("VK does not show the comments of this post.")
POST_GONE = N_("The post no longer exists.")
COMMENT_GONE = N_("The comment no longer exists.")
LINKS_FORBIDDEN = N_("VK does not allow this link.")
TOO_MANY_REPLIES = N_("VK allows no more comments at the moment: too many answers.")
NOT_OURS_TO_DELETE = N_("VK lets a community delete only its own direct messages: what others write stays.")
NOT_DELETED = N_("The comment is not deleted.")
CANNOT_DELETE = N_("VK does not let the community delete this message for everybody.")
CANNOT_EDIT = N_("VK does not let the community edit this message any more.")
ACCESS_DENIED = N_("VK denies access to this.")
PERSON_IS_ADMINISTRATOR = N_("Administrators of the community cannot be banned.")
COMMENTS_NOT_ALLOWED_BY_VK = N_("VK did not change whether comments are open.")
TOO_MANY_SERVERS = N_("The community has ten Callback servers already: remove one in its settings.")

EVENTS_EXPIRED = N_("VK no longer kept the events of this time.")
KEY_CHANGED = N_("VK lost its place in the events.")
LONG_POLL_REFUSED = N_("VK does not let the key receive events: switch on Long Poll in the community's settings.")

BAN_OTHER = N_("other")
BAN_SPAM = N_("spam")
BAN_INSULTS = N_("insults")
BAN_STRONG_LANGUAGE = N_("strong language")
BAN_FLOOD = N_("flood")
