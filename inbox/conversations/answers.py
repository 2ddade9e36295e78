"""A file as an answer: its type, how a browser may treat it, and who may keep a copy."""

from urllib.parse import quote

from starlette.responses import StreamingResponse

from inbox.conversations.files import OpenedFile

KEPT_SECONDS = 24 * 3600


def answer_file(opened: OpenedFile) -> StreamingResponse:
    """Shown in place only when it can hold no script; only the reader's own browser keeps it, for a day."""
    headers = {
        "Content-Disposition": _disposition(opened),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": f"private, max-age={KEPT_SECONDS}",
    }
    if opened.size is not None:
        headers["Content-Length"] = str(opened.size)
    return StreamingResponse(opened.chunks, media_type=opened.mime_type, headers=headers)


def _disposition(opened: OpenedFile) -> str:
    """RFC 6266: the name in plain letters, and as it is."""
    how = "inline" if opened.is_inline else "attachment"
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\' else "_"
        for letter in opened.file_name
    )
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(opened.file_name, safe='')}"
