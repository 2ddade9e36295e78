"""Channels over the API: keys come in, and never go out."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from inbox.channels.adapter import KeyKind
from inbox.channels.addresses import check_api_url, check_proxy_url
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus, ReceiveMode

ApiUrl = Annotated[str, AfterValidator(check_api_url)]
ProxyUrl = Annotated[SecretStr, AfterValidator(check_proxy_url)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[SecretStr, Field(min_length=1, max_length=512)]


class CredentialsIn(BaseModel):
    """An account's keys. `secret` is what the platform must show in webhook calls; made up when left out."""

    model_config = ConfigDict(extra="forbid")

    token: Key
    user_token: Key | None = None
    secret: Annotated[SecretStr, Field(min_length=16, max_length=256)] | None = None


class SettingsIn(BaseModel):
    """How the account is reached. Null empties a field; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    api_url: ApiUrl | None = Field(default=None, description="Base URL of the API, when it is not the platform's own.")
    group_id: int | None = Field(default=None, ge=1, description="The community's number (VK).")
    proxy_url: ProxyUrl | None = Field(default=None, description="http, https, socks4 or socks5; kept encrypted.")
    mode: ReceiveMode = ReceiveMode.POLL
    alert_chat_id: str | None = Field(default=None, max_length=64, description="The chat that alerts go to.")


class ChannelIn(BaseModel):
    """An account to connect."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: int
    platform: Platform
    name: Name | None = Field(default=None, description="Default: the account's own name.")
    credentials: CredentialsIn
    settings: SettingsIn = SettingsIn()


class ChannelPatch(BaseModel):
    """What is changed of a channel; what is left out stays.

    Another `api_url` or `proxy_url` wants the credentials with it: stored ones are not sent to a new address.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    credentials: CredentialsIn | None = None
    settings: SettingsIn | None = None


class CapabilityOut(BaseModel):
    """One thing that the key can or cannot do."""

    name: str
    allowed: bool
    reason: str | None
    key: KeyKind = Field(default=KeyKind.OWN, description="Whose key does it: own, or user (an administrator's).")


class SettingsOut(BaseModel):
    """How the account is reached."""

    api_url: str | None
    has_proxy: bool
    mode: ReceiveMode
    alert_chat_id: str | None


class ChannelOut(BaseModel):
    """A connected account; `key_fingerprint` is the end of its key."""

    id: int
    workspace_id: int
    platform: Platform
    external_id: str
    name: str
    username: str | None
    status: ChannelStatus
    status_reason: str | None
    status_at: datetime
    user_key_reason: str | None = Field(
        description="What an administrator's key waits for (VK: a captcha): its acts wait with it; null while it works."
    )
    capabilities: list[CapabilityOut]
    key_fingerprint: str
    settings: SettingsOut
    checked_at: datetime | None
    last_event_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, channel: Channel) -> Self:
        """From the row."""
        settings = SettingsOut(
            api_url=channel.api_url, has_proxy=channel.proxy_encrypted is not None, mode=channel.mode,
            alert_chat_id=channel.alert_chat_external_id,
        )  # fmt: skip
        return cls(
            id=channel.id, workspace_id=channel.workspace_id, platform=channel.platform,
            external_id=channel.external_id, name=channel.name, username=channel.username, status=channel.status,
            status_reason=channel.status_reason, status_at=channel.status_at,
            user_key_reason=channel.user_key_reason,
            capabilities=[CapabilityOut.model_validate(one) for one in channel.capabilities],
            key_fingerprint=channel.key_fingerprint, settings=settings, checked_at=channel.checked_at,
            last_event_at=channel.last_event_at, created_at=channel.created_at,
        )  # fmt: skip


class DeadEventOut(BaseModel):
    """A payload that could not be understood or stored, kept whole."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    workspace_id: int
    channel_id: int | None
    via: str
    error: str
    raw: str
    received_at: datetime
    died_at: datetime
    replayed_at: datetime | None
