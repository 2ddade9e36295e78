"""What a request tells beside its route."""

from starlette.requests import Request


def address_of(request: Request) -> str:
    """The network address that it came from (a trusted proxy's word is uvicorn's matter)."""
    return request.client.host if request.client else ""
