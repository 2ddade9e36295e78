"""A channel's row as adapters want it: keys decrypted, for the time of a call."""

from inbox.channels.adapter import Account
from inbox.channels.models import Channel
from inbox.core.secrets import Cipher


def account_of(channel: Channel, cipher: Cipher) -> Account:
    """The account; SetupError when the keys were encrypted with another OTKLIK_SECRET_KEY."""
    secrets = cipher.decrypt_fields(channel.credentials_encrypted)
    return Account(
        channel_id=channel.id,
        platform=channel.platform,
        external_id=channel.external_id,
        token=secrets["token"],
        user_token=secrets.get("user_token"),
        api_url=channel.api_url,
        proxy_url=cipher.decrypt(channel.proxy_encrypted) if channel.proxy_encrypted else None,
    )


def webhook_secret_of(channel: Channel, cipher: Cipher) -> str:
    """What the platform must show in its calls."""
    return cipher.decrypt_fields(channel.credentials_encrypted)["webhook_secret"]
