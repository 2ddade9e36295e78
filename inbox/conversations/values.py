"""Rows of what belongs to a message: its attachments and tags, as inserts want them."""

from inbox.channels.events import MessageReceived
from inbox.conversations.tags import Tagged


def attachment_values(workspace_id: int, message_id: int, event: MessageReceived) -> list[dict[str, object]]:
    """Rows of Attachment."""
    return [
        {
            "workspace_id": workspace_id, "message_id": message_id, "position": position,
            "kind": part.kind, "external_id": part.external_id, "file_name": part.file_name,
            "mime_type": part.mime_type, "size": part.size, "width": part.width, "height": part.height,
            "duration": part.duration, "title": part.title, "thumbnail_external_id": part.thumbnail_external_id,
        }
        for position, part in enumerate(event.attachments)
    ]  # fmt: skip


def tags_values(workspace_id: int, message_id: int, tagged: Tagged) -> dict[str, object]:
    """A row of Tags."""
    return {
        "workspace_id": workspace_id,
        "message_id": message_id,
        "sentiment": tagged.sentiment,
        "intent": tagged.intent,
        "toxic": tagged.toxic,
        "profanity": tagged.profanity,
        "probabilities": {task: dict(labels) for task, labels in tagged.probabilities.items()},
        "unsure": sorted(tagged.unsure),
        "reasons": {task: list(words) for task, words in tagged.reasons.items()},
        "model_version": tagged.model_version,
    }
