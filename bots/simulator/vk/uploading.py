"""Files of the community's: an upload address, what it answers, and the attachment that is saved."""

import json
from dataclasses import dataclass

from bots.simulator.platform import SimFile
from bots.simulator.schemas import MediaKind
from bots.simulator.shown import ShownMedia
from bots.simulator.vk.attaching import Kept, document, keep, photo
from bots.simulator.vk.community import Community
from bots.simulator.vk.keys import Key
from bots.simulator.vk.params import Params
from bots.simulator.vk.refusals import Json, VkApiError, missing


@dataclass(frozen=True, slots=True)
class Attached:
    """A saved file as VK and as a phone show it."""

    attachment: Json
    media: ShownMedia


def photo_server(community: Community, key: Key, params: Params) -> Json:
    """photos.getMessagesUploadServer and getWallUploadServer."""
    owner = key.user_id or 0
    return {
        "upload_url": f"{community.base_url}/vkupload/{community.group_id}/photo",
        "album_id": -64,
        "user_id": owner,
    }


def document_server(community: Community, _: Key, params: Params) -> Json:
    """docs.getMessagesUploadServer."""
    kind = "audio_message" if params.find_text("type") == "audio_message" else "doc"
    return {"upload_url": f"{community.base_url}/vkupload/{community.group_id}/{kind}"}


def take_file(community: Community, kind: str, file_name: str, file: SimFile) -> Json:
    """What an upload address answers; the file is kept until it is saved."""
    kept = keep(community, file)
    if kind == "photo":
        return {"server": 1, "photo": json.dumps([{"photo": kept.name}]), "hash": f"hash{kept.number}"}
    return {"file": f"{kind}|{kept.name}|{file_name}"}


def save_photo(community: Community, key: Key, params: Params) -> list[Json]:
    """photos.saveMessagesPhoto and saveWallPhoto."""
    try:
        uploaded = json.loads(params.find_text("photo") or "")
        name = str(uploaded[0]["photo"])
    except (ValueError, KeyError, IndexError, TypeError):
        raise VkApiError(100, "photo is invalid") from None
    if name not in community.files or params.find_text("hash") != f"hash{name.removeprefix('file')}":
        raise VkApiError(100, "hash is invalid")
    return [photo(community, _kept(name), key.user_id or community.owner_id, 1280, 960)]


def save_document(community: Community, _: Key, params: Params) -> Json:
    """docs.save."""
    uploaded = params.find_text("file")
    if not uploaded:
        raise missing("file")
    kind, name, file_name = [*uploaded.split("|", 2), "", ""][:3]
    file = community.files.get(name)
    if file is None:
        raise VkApiError(100, "file is invalid")
    title = params.find_text("title") or file_name
    ending = title.rpartition(".")[2]
    saved = document(community, _kept(name), community.owner_id, title, ending, len(file.content))
    if kind == "audio_message":
        voice = {**saved, "duration": 4, "link_ogg": saved["url"], "link_mp3": saved["url"], "waveform": []}
        return {"type": "audio_message", "audio_message": voice}
    return {"type": "doc", "doc": saved}


def attached(community: Community, name: str) -> Attached:
    """The attachment that `{kind}{owner}_{number}` names."""
    kind = name.rstrip("0123456789_-") if "_key" not in name else name.partition("_key")[0].rstrip("0123456789_-")
    number = name.partition("_key")[0].rpartition("_")[2]
    file = community.files.get(f"file{number}")
    if file is None or kind not in {"photo", "doc"}:
        raise VkApiError(100, f"attachment {name} is invalid")
    kept = _kept(f"file{number}")
    if kind == "photo":
        thing = photo(community, kept, community.owner_id, 1280, 960)
        return Attached({"type": "photo", "photo": thing}, _shown(MediaKind.PHOTO, kept, file))
    thing = document(community, kept, community.owner_id, kept.name, "bin", len(file.content))
    return Attached({"type": "doc", "doc": thing}, _shown(MediaKind.DOCUMENT, kept, file))


def _shown(kind: MediaKind, kept: Kept, file: SimFile) -> ShownMedia:
    return ShownMedia(kind=kind, url=kept.name, mime_type=file.mime_type, size=len(file.content))


def _kept(name: str) -> Kept:
    return Kept(int(name.removeprefix("file")), name)
