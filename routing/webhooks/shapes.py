"""Bodies of webhooks: our own, and what the CRMs take for a new lead; and the signature. Pure."""

import hashlib
import hmac
import json
from collections.abc import Mapping

from routing.webhooks.models import Shape

SIGNATURE = "X-Otklik-Signature"
TIMESTAMP = "X-Otklik-Timestamp"


def make_body(shape: Shape, event: str, delivery_id: int, body: Mapping[str, object]) -> bytes:
    """The bytes that are signed and sent."""
    shaped: object = {"event": event, "delivery_id": delivery_id, **body}
    if shape is Shape.BITRIX24:
        shaped = _bitrix24(body)
    elif shape is Shape.AMOCRM:
        shaped = _amocrm(body)
    return json.dumps(shaped, ensure_ascii=False, separators=(",", ":")).encode()


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `{timestamp}.{body}`, in hex: the timestamp makes an old request useless."""
    return "sha256=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _bitrix24(body: Mapping[str, object]) -> object:
    """crm.lead.add."""
    lead = _part(body, "lead")
    fields: dict[str, object] = {
        "TITLE": _title(body), "NAME": lead.get("contact") or "", "COMMENTS": _comment(body), "SOURCE_ID": "WEB",
        "SOURCE_DESCRIPTION": lead.get("channel") or "", "ORIGINATOR_ID": "otklik", "ORIGIN_ID": str(lead.get("id")),
    }  # fmt: skip
    if lead.get("phone"):
        fields["PHONE"] = [{"VALUE": lead["phone"], "VALUE_TYPE": "WORK"}]
    if lead.get("amount"):
        fields["OPPORTUNITY"] = lead["amount"]
    return {"fields": fields, "params": {"REGISTER_SONET_EVENT": "Y"}}


def _amocrm(body: Mapping[str, object]) -> object:
    """POST /api/v4/leads/complex."""
    lead = _part(body, "lead")
    contact: dict[str, object] = {"first_name": lead.get("contact") or ""}
    if lead.get("phone"):
        values = [{"enum_code": "WORK", "value": lead["phone"]}]
        contact["custom_fields_values"] = [{"field_code": "PHONE", "values": values}]
    made: dict[str, object] = {
        "name": _title(body), "request_id": str(lead.get("id")),
        "_embedded": {"contacts": [contact], "tags": [{"name": "Отклик"}]},
    }  # fmt: skip
    if lead.get("amount"):
        made["price"] = round(float(str(lead["amount"])))
    return [made]


def _title(body: Mapping[str, object]) -> str:
    lead = _part(body, "lead")
    return f"{lead.get('contact') or 'Лид'} · {lead.get('channel') or body.get('workspace') or 'Отклик'}"


def _comment(body: Mapping[str, object]) -> str:
    lead = _part(body, "lead")
    return "\n".join(str(one) for one in (lead.get("text"), lead.get("post"), lead.get("url")) if one)


def _part(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}
