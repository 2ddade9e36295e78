"""Which processes run in a folder, and what they cost: the one place that asks psutil.

A process id from a file proves nothing (ids are reused, in a container at every start), so a server is recognised by
its program's name and by its working folder, which both servers set to their data.
"""

from collections.abc import Iterable
from pathlib import Path

import psutil


def is_running_in(pid: int, program: str, folder: Path) -> bool:
    """Whether `pid` is a live (not zombie) `program` whose working folder is `folder`."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != program:
            return False
        return bool(process.cwd() == str(folder))
    except psutil.Error:
        return False


def list_running_in(program: str, folder: Path) -> list[int]:
    """Every live `program` whose working folder is `folder`."""
    return [pid for pid in psutil.pids() if is_running_in(pid, program, folder)]


def exists(pid: int) -> bool:
    """Whether any process has this id now."""
    return bool(psutil.pid_exists(pid))


def list_family(pid: int) -> list[int]:
    """The process and all its descendants; empty when it is gone."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return []


def name_of(pid: int) -> str:
    """The program's name; empty when the process is gone."""
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""


def proportional_memory(pids: Iterable[int]) -> int:
    """Bytes of memory, shared pages divided among their users (PSS; resident size where the system tells no PSS)."""
    return sum(_memory_of(pid) for pid in pids)


def file_memory(pids: Iterable[int]) -> int:
    """Bytes of that memory which are pages of files (programs, models): read as needed, given up when room is short."""
    return sum(_file_memory_of(pid) for pid in pids)


def processor_seconds(pid: int) -> float:
    """Processor time that a process has had, its threads included; 0 when it is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _memory_of(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        try:
            return int(getattr(process.memory_full_info(), "pss", 0)) or int(process.memory_info().rss)
        except psutil.AccessDenied:
            return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _file_memory_of(pid: int) -> int:
    """0 where the system does not tell."""
    try:
        process = psutil.Process(pid)
        maps = process.memory_maps() if hasattr(process, "memory_maps") else []
    except psutil.Error:
        return 0
    files = [one for one in maps if one.path.startswith("/") and not one.path.startswith("/dev/")]
    return sum(int(getattr(one, "pss", 0)) for one in files)
