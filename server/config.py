"""Settings, read once from the environment; secrets are generated into files of mode 600 when not given."""

import errno
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent
NOT_MADE = {
    errno.EROFS: "所在磁盘只读",
    errno.EACCES: "没有写入权限",
    errno.ENOTDIR: "上级是一个文件，不是目录",
    errno.ENOENT: "上级目录不存在",
    errno.ENOSPC: "磁盘已满",
}


class ConfigurationError(RuntimeError):
    """The environment asks for something that must not run."""


@dataclass(frozen=True)
class City:
    """The city this deployment serves (domain.md §4.4); another city is another configuration."""

    name: str = "通辽市"
    code: str = "150500"
    default_district: str = "150502"
    districts: tuple[tuple[str, str], ...] = (
        ("150500", "通辽市"),
        ("150502", "科尔沁区"),
        ("150521", "科左中旗"),
        ("150522", "科左后旗"),
        ("150523", "开鲁县"),
        ("150524", "库伦旗"),
        ("150525", "奈曼旗"),
        ("150526", "扎鲁特旗"),
        ("150581", "霍林郭勒市"),
        ("150571", "通辽经济技术开发区"),
    )
    permit_authority: str = "通辽市科尔沁区住房和城乡建设局"
    permit_authority_uscc: str = "11150502MB1234560R"
    registry_authority: str = "通辽市不动产登记中心"
    registry_short: str = "蒙"

    def district_name(self, code: str) -> str:
        """Name of a district by its code of six digits; the code itself when unknown."""
        return dict(self.districts).get(code, code)


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides. Sizes in bytes, ``person_key`` is a Fernet key."""

    data_dir: Path
    database_url: str
    secret_key: str
    person_key: bytes
    environment: Literal["demo", "production"] = "demo"
    base_url: str = "http://127.0.0.1:8000"
    clock: Literal["system", "virtual"] = "system"
    clock_begin: datetime | None = None
    demo: bool = True
    city: City = field(default_factory=City)
    hotline: str = "0475-12345"
    upload_limit: int = 50 * 1024 * 1024
    crash_at: str = ""
    bench: bool = False
    p1_requires_planning_permit: bool = True

    @staticmethod
    def from_env(environ: dict[str, str] | None = None) -> "Settings":
        """Read the environment.

        ``GCB_DATA`` data directory (default ``var/``), ``DATABASE_URL``, ``GCB_ENV`` (demo, production),
        ``GCB_BASE_URL``, ``GCB_CLOCK`` (system, virtual), ``GCB_CLOCK_BEGIN`` (where a virtual clock stands at first, ISO
        with offset), ``GCB_SECRET_KEY``, ``GCB_PERSON_KEY``, ``GCB_CRASH_AT``, ``GCB_BENCH``, ``GCB_HOTLINE``. Raises ConfigurationError for a combination that must not run.
        """
        env = dict(os.environ if environ is None else environ)
        data_dir = _writable(Path(env.get("GCB_DATA") or ROOT / "var").resolve())
        environment = env.get("GCB_ENV", "demo")
        clock = env.get("GCB_CLOCK", "system")
        crash_at, bench = env.get("GCB_CRASH_AT", ""), env.get("GCB_BENCH", "") == "1"
        if environment not in ("demo", "production"):
            raise ConfigurationError(f"GCB_ENV must be demo or production, not {environment!r}")
        if clock not in ("system", "virtual"):
            raise ConfigurationError(f"GCB_CLOCK must be system or virtual, not {clock!r}")
        if environment == "production" and (clock == "virtual" or crash_at or bench):
            raise ConfigurationError("GCB_CLOCK=virtual, GCB_CRASH_AT and GCB_BENCH are refused in production")
        secret_key = env.get("GCB_SECRET_KEY") or _secret(data_dir / "secret.key", lambda: secrets.token_hex(32))
        person_key = env.get("GCB_PERSON_KEY") or _secret(
            data_dir / "person.key", lambda: Fernet.generate_key().decode()
        )
        url = env.get("DATABASE_URL") or f"sqlite:///{data_dir / 'gcb.db'}"
        if url.startswith("postgresql://"):
            url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
        return Settings(
            data_dir=data_dir,
            database_url=url,
            secret_key=secret_key,
            person_key=person_key.encode(),
            environment="production" if environment == "production" else "demo",
            base_url=env.get("GCB_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
            clock="virtual" if clock == "virtual" else "system",
            clock_begin=_instant(env["GCB_CLOCK_BEGIN"]) if env.get("GCB_CLOCK_BEGIN") else None,
            demo=environment == "demo",
            hotline=env.get("GCB_HOTLINE", "0475-12345"),
            crash_at=crash_at,
            bench=bench,
        )


def _writable(data_dir: Path) -> Path:
    """The data directory, made when missing. Raises ConfigurationError unless it can be written in."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(data_dir, os.W_OK | os.X_OK) else "没有写入权限，或所在磁盘只读"
    except FileExistsError:
        reason = "它是一个文件，不是目录"
    except OSError as error:
        reason = f"不能创建，{NOT_MADE.get(error.errno or 0, error.strerror)}"
    database = data_dir / "gcb.db"
    if not reason and database.exists() and not os.access(database, os.W_OK):
        reason = f"{database.name} 属于别的用户"
    if reason:
        raise ConfigurationError(f"数据目录 {data_dir} 不能用：{reason}。请用 GCB_DATA 指定一个可以写入的目录。")
    return data_dir


def _instant(text: str) -> datetime:
    """An ISO instant with its offset. Raises ConfigurationError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"GCB_CLOCK_BEGIN: {error}") from error
    if found.tzinfo is None:
        raise ConfigurationError("GCB_CLOCK_BEGIN needs an offset, for example 2025-03-10T09:00:00+08:00")
    return found


def _secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in ``path``; made once, readable by the owner alone."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    value = make()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(value)
    return value
