"""Files on their way into a message or comment: an upload address, the file, and the name under which VK keeps it."""

from bots.fields import RawObject, as_object, find_int, find_text, get_int, get_object, get_text
from bots.vk import reasons
from bots.vk.calls import call, group_id_of, reading_answers, upload
from bots.vk.wire import File, Wires
from inbox.channels.adapter import Account, KeyKind, Upload
from inbox.channels.events import AttachmentKind
from inbox.core.errors import PermanentRefusalError

MAX_FILES = 10
_VIDEOS = frozenset({AttachmentKind.VIDEO, AttachmentKind.VIDEO_NOTE})


def check_message_files(uploads: tuple[Upload, ...]) -> None:
    """What cannot go into a message is refused before anything is asked."""
    if len(uploads) > MAX_FILES:
        raise PermanentRefusalError(reasons.TOO_MANY_FILES)
    if any(file.kind in _VIDEOS for file in uploads):
        raise PermanentRefusalError(reasons.VIDEO_NOT_POSSIBLE)


def check_comment_files(account: Account, uploads: tuple[Upload, ...]) -> None:
    """Under a post only photos go, and only with the administrator's key."""
    if len(uploads) > MAX_FILES:
        raise PermanentRefusalError(reasons.TOO_MANY_FILES)
    if any(file.kind is not AttachmentKind.PHOTO for file in uploads):
        raise PermanentRefusalError(reasons.ONLY_PHOTOS_IN_COMMENTS)
    if uploads and not account.user_token:
        raise PermanentRefusalError(reasons.ATTACHMENTS_NEED_USER_KEY)


async def bring_to_message(wires: Wires, account: Account, peer_id: int, file: Upload) -> str:
    """Upload a file for one conversation; its name for `attachment`."""
    with reading_answers():
        if file.kind is AttachmentKind.PHOTO:
            return await _photo(wires, account, peer_id, file)
        return await _document(wires, account, peer_id, file)


async def bring_to_comment(wires: Wires, account: Account, file: Upload) -> str:
    """Upload a photo for a comment; its name for `attachments`."""
    group = {"group_id": group_id_of(account)}
    with reading_answers():
        address = await call(wires, account, "photos.getWallUploadServer", group, KeyKind.USER)
        brought = await _bring(wires, account, address, _form("photo", file), KeyKind.USER)
        saving = {**group, **_uploaded_photo(brought)}
        saved = await call(wires, account, "photos.saveWallPhoto", saving, KeyKind.USER)
        return attachment_name("photo", _first(saved))


def attachment_name(kind: str, thing: RawObject) -> str:
    """`{kind}{owner}_{id}`, with the access key where there is one."""
    name = f"{kind}{get_int(thing, 'owner_id')}_{get_int(thing, 'id')}"
    access_key = find_text(thing, "access_key")
    return f"{name}_{access_key}" if access_key else name


async def _photo(wires: Wires, account: Account, peer_id: int, file: Upload) -> str:
    address = await call(wires, account, "photos.getMessagesUploadServer", {"peer_id": peer_id})
    brought = await _bring(wires, account, address, _form("photo", file), KeyKind.OWN)
    saved = await call(wires, account, "photos.saveMessagesPhoto", _uploaded_photo(brought))
    return attachment_name("photo", _first(saved))


async def _document(wires: Wires, account: Account, peer_id: int, file: Upload) -> str:
    kind = "audio_message" if file.kind is AttachmentKind.VOICE else "doc"
    address = await call(wires, account, "docs.getMessagesUploadServer", {"peer_id": peer_id, "type": kind})
    brought = await _bring(wires, account, address, _form("file", file), KeyKind.OWN)
    saving = {"file": get_text(brought, "file"), "title": file.file_name}
    saved = as_object(await call(wires, account, "docs.save", saving), "response")
    return attachment_name("doc", get_object(saved, get_text(saved, "type")))


async def _bring(wires: Wires, account: Account, address: object, file: File, key: KeyKind) -> RawObject:
    url = get_text(as_object(address, "response"), "upload_url")
    brought = as_object(await upload(wires, account, url, file, key), "response")
    if brought.get("error") is not None:
        raise PermanentRefusalError(reasons.FILE_REFUSED)
    return brought


def _uploaded_photo(brought: RawObject) -> dict[str, str | int]:
    photo = get_text(brought, "photo")
    if photo in {"", "[]"}:
        raise PermanentRefusalError(reasons.FILE_REFUSED)
    server = find_int(brought, "server")
    return {"photo": photo, "hash": get_text(brought, "hash"), **({} if server is None else {"server": server})}


def _form(field_name: str, file: Upload) -> File:
    return File(field_name, file.file_name, file.mime_type, file.content)


def _first(saved: object) -> RawObject:
    return as_object(saved[0] if isinstance(saved, list) and saved else None, "response")
