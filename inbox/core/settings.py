"""Settings: environment variables `OTKLIK_*` and `.env`, read once."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting of Otklik; the README's table lists the same names (a test compares)."""

    model_config = SettingsConfigDict(env_prefix="OTKLIK_", env_file=".env", extra="ignore")

    home: Path | None = Field(default=None, description="Folder of the embedded servers, the key and the logs.")
    database_url: str | None = Field(default=None, description="PostgreSQL 15+; empty: the embedded server.")
    redis_url: str | None = Field(default=None, description="Redis 7+ or Valkey; empty: the embedded server.")
    secret_key: SecretStr | None = Field(
        default=None, description="Fernet key that encrypts channel keys; empty: made in the home, mode 600."
    )
    base_url: str | None = Field(default=None, description="Public address; needed for webhooks and secure cookies.")
    host: str = Field(default="127.0.0.1", description="Address that the web part listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port of the panel and the API.")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    webhooks_private: bool = Field(
        default=False, description="Whether outgoing webhooks may go into private networks (a CRM of your own)."
    )
    channels_private: bool = Field(
        default=False,
        description="Whether channels may use API servers and proxies in private networks (a Bot API server of yours).",
    )
    keep_removed_days: int = Field(
        default=180, ge=1, le=3650, description="Days for which copies of messages that moderation removed are kept."
    )
    keep_rule_runs_days: int = Field(
        default=90, ge=31, le=3650, description="Days for which it is kept on which messages rules acted."
    )
    tagger_threads: int = Field(default=1, ge=1, le=16, description="Threads that tag messages in a worker.")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings."""
    return Settings()
