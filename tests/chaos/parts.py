"""The processes of a run: the simulator, web, two workers, bots; and the two servers they share."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from cryptography.fernet import Fernet

from inbox.core.embedded.home import open_home
from inbox.core.embedded.program import ServerName
from inbox.core.embedded.servers import Servers, start_servers
from inbox.core.schema import migrate

ROOT = Path(__file__).parents[2]
START_SECONDS = 90.0
END_SECONDS = 15.0


@dataclass(slots=True)
class Part:
    """One process that may be killed and begun again."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin it, if it does not run."""
        if self.process is not None and self.process.poll() is None:
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it in order, by force if it takes long."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass(slots=True)
class Stage:
    """Everything that runs, and where it is."""

    folder: Path
    servers: Servers
    secret_key: str
    parts: dict[str, Part]
    web_url: str
    sim_url: str

    def kill_server(self, name: ServerName) -> None:
        """kill -9 of PostgreSQL's first process, or of Valkey."""
        pid = self.servers.pids.get(name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def log_tails(self) -> str:
        """The ends of all logs, for a run that failed."""
        tails = []
        for part in self.parts.values():
            lines = part.log.read_text(errors="replace").splitlines() if part.log.exists() else []
            tails.append(f"--- {part.name}\n" + "\n".join(line[:600] for line in lines[-25:]))
        return "\n".join(tails)


@asynccontextmanager
async def running_stage(first_port: int) -> AsyncIterator[Stage]:
    """Servers with durable settings and the simulator; the other parts are begun by the caller. All ends with us."""
    with TemporaryDirectory(prefix="otklik-chaos-", ignore_cleanup_errors=True) as folder:
        home = open_home(Path(folder) / "home")
        with home.lock():
            servers = await asyncio.to_thread(start_servers, home)
            stage: Stage | None = None
            try:
                await asyncio.to_thread(migrate, servers.database_url)
                stage = _make_stage(Path(folder), servers, first_port)
                stage.parts["simulator"].start()
                await wait_for(f"{stage.sim_url}/sim/world")
                yield stage
            finally:
                for part in stage.parts.values() if stage is not None else ():
                    await asyncio.to_thread(part.stop)
                await asyncio.to_thread(servers.stop)


def _make_stage(folder: Path, servers: Servers, first_port: int) -> Stage:
    key = Fernet.generate_key().decode()
    environment = {
        **os.environ,
        "OTKLIK_DATABASE_URL": servers.database_url,
        "OTKLIK_REDIS_URL": servers.redis_url,
        "OTKLIK_SECRET_KEY": key,
        "OTKLIK_PORT": str(first_port),
        "OTKLIK_LOG_LEVEL": "INFO",
        "OTKLIK_CHANNELS_PRIVATE": "true",
    }
    simulator = ("-m", "uvicorn", "--factory", "bots.simulator.app:create_simulator", "--port", str(first_port + 1),
                 "--log-level", "warning")  # fmt: skip
    commands = {
        "simulator": simulator,
        "web": ("-m", "inbox", "web"),
        "worker-1": ("-m", "inbox", "worker"),
        "worker-2": ("-m", "inbox", "worker"),
        "bots": ("-m", "inbox", "bots"),
    }
    parts = {name: Part(name, command, environment, folder / f"{name}.log") for name, command in commands.items()}
    return Stage(folder, servers, key, parts, f"http://127.0.0.1:{first_port}", f"http://127.0.0.1:{first_port + 1}")


async def wait_for(url: str) -> None:
    """Until the address answers well."""
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(timeout=5) as client:
        while True:
            try:
                if (await client.get(url)).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.2)
