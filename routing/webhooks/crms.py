"""What CRMs answer to a new lead, and the request by which they hear of its phone number later. Pure.

Sources: Bitrix24 `crm.lead.add` and `crm.lead.update`; amoCRM `POST /api/v4/leads/complex`,
`PATCH /api/v4/contacts/{id}` and `POST /api/v4/leads/{id}/notes`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from inbox.core.database import Json
from routing.webhooks.models import Shape

_BITRIX_ADD = re.compile(r"/crm\.lead\.add(\.json|\.xml)?/?$")
_AMO_ADD = re.compile(r"/leads/complex/?$")


@dataclass(frozen=True, slots=True)
class Call:
    """A request to make."""

    method: str
    url: str
    body: bytes


def takes_phones(shape: Shape, url: str) -> bool:
    """Whether what stands at this address can be told of a phone number later: no program between us and a CRM can."""
    pattern = {Shape.BITRIX24: _BITRIX_ADD, Shape.AMOCRM: _AMO_ADD}.get(shape)
    return pattern is not None and pattern.search(urlsplit(url).path) is not None


def read_made(shape: Shape, answer: bytes) -> Json | None:
    """The CRM's numbers of what it made of a lead: `lead`, and of amoCRM's contact, `contact`, unless it is an older
    one. None where the answer tells none."""
    try:
        told = json.loads(answer)
    except ValueError:
        return None
    if shape is Shape.AMOCRM:
        told = told[0] if isinstance(told, list) and told else None
    if not isinstance(told, dict):
        return None
    lead = _number(told.get("id" if shape is Shape.AMOCRM else "result"))
    if lead is None:
        return None
    contact = _number(told.get("contact_id"))
    if contact is None or told.get("merged"):
        return {"lead": lead}
    return {"lead": lead, "contact": contact}


def tell_phone(shape: Shape, url: str, made: Mapping[str, object], phone: str) -> Call:
    """The request that brings a number to what was made, beside the address of new leads. amoCRM keeps numbers at the
    contact; one that was there before us may have others, so that they are left alone and the lead gets a note."""
    parts = urlsplit(url)
    if shape is Shape.BITRIX24:
        path = _BITRIX_ADD.sub(r"/crm.lead.update\1", parts.path)
        fields = {"PHONE": [{"VALUE": phone, "VALUE_TYPE": "WORK"}]}
        return _call("POST", parts._replace(path=path).geturl(), {"id": made["lead"], "fields": fields})
    if "contact" in made:
        path = _AMO_ADD.sub(f"/contacts/{made['contact']}", parts.path)
        values = [{"enum_code": "WORK", "value": phone}]
        contact = {"custom_fields_values": [{"field_code": "PHONE", "values": values}]}
        return _call("PATCH", parts._replace(path=path).geturl(), contact)
    path = _AMO_ADD.sub(f"/leads/{made['lead']}/notes", parts.path)
    note = {"note_type": "common", "params": {"text": f"Телефон: {phone}"}}
    return _call("POST", parts._replace(path=path).geturl(), [note])


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _call(method: str, url: str, body: object) -> Call:
    return Call(method, url, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
