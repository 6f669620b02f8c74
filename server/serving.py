"""Serving: the web process alone, or web and worker started and stopped together (`gcb serve`, what `./run` does)."""

import ctypes
import errno
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from typing import IO

from granian import Granian
from granian.constants import Interfaces

from server import clock, migrate
from server.accounts import demo
from server.accounts.actor import SYSTEM
from server.approval import demo as approval_demo
from server.config import ROOT, Settings
from server.db import open_database
from server.processes import seeding
from server.registry import demo as registry_demo

ANSWERS_WITHIN = 120.0  # seconds until the web process must answer, on a machine that is busy with other things
# Everything a demo server keeps in its data directory; --fresh removes these and nothing else.
KEPT = (
    *("gcb.db", "gcb.db-wal", "gcb.db-shm", "bell.db", "bell.db-wal", "bell.db-shm"),
    *("secret.key", "person.key", "files", "ca"),
)
THREADS = 16  # that many senders may be slow at once before others wait
PATIENCE = 15  # seconds a process may take to finish the request in hand before it is killed
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Asked:
    """Whether a signal asked to stop. No threading.Event: set by a handler inside its own wait, that locks up."""

    def __init__(self) -> None:
        self.to_stop = False

    def __call__(self, *_signal: object) -> None:
        self.to_stop = True

    def within(self, seconds: float) -> bool:
        """Wait at most ``seconds``; whether to stop."""
        end = time.monotonic() + seconds
        while not self.to_stop and time.monotonic() < end:
            time.sleep(0.05)
        return self.to_stop


class CannotStart(RuntimeError):
    """Why nothing was started: a sentence for the person at the terminal."""


def web(host: str, port: int) -> int:
    """One granian process; its threads only wait for slow lines (``edge``: one request is worked on at a time)."""
    require_free(host, port)
    Granian(
        "server.app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=THREADS,
        log_access=False,
        log_level="error",  # type: ignore[arg-type]
        workers_kill_timeout=PATIENCE - 5,
    ).serve()
    return 0


def serve(host: str, port: int, *, fresh: bool = False) -> int:
    """Database, then the processes, until Ctrl-C, SIGTERM or the terminal's end. Returns the exit status.

    fresh: start over with an empty demo database. Raises CannotStart and ConfigurationError before anything is changed.
    """
    asked = Asked()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, asked)
    local_url = f"http://{_reachable(host)}:{port}"
    base_url = os.environ.setdefault("GCB_BASE_URL", local_url)
    settings = replace(Settings.from_env(), base_url=base_url)
    with claim(settings, local_url):
        require_free(host, port)
        if fresh:
            settings = replace(start_over(settings), base_url=base_url)
        _prepare(settings)
        return 0 if asked.to_stop else _run(host, port, settings, local_url, asked)


def claim(settings: Settings, url: str) -> IO[str]:
    """The lock on the data directory, held until closed, also by a crash. Raises CannotStart while another has it."""
    file = (settings.data_dir / "serve.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = file.read().strip()
        file.close()
        raise CannotStart(
            f"数据目录 {settings.data_dir} 正由另一个工程帮使用（{other}）。请先结束它，或用 GCB_DATA 指定另一个目录。"
        ) from None
    file.truncate(0)
    file.write(f"进程号 {os.getpid()}，{url}")
    file.flush()
    return file


def require_free(host: str, port: int) -> None:
    """Raise CannotStart unless host and port can be listened on. Granian itself would share a port without a word."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror:
        raise CannotStart(f"不认识地址 {host}。--host 填本机的地址，例如 127.0.0.1 或 0.0.0.0。") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"端口 {port} 已被另一个程序占用。请先结束它，或换一个端口，例如 ./run --port {port % 65535 + 1}"
        elif error.errno == errno.EACCES:
            reason = f"端口 {port} 要有管理员权限才能用。请用 1024 以上的端口，例如 ./run --port 8000"
        else:
            reason = f"不能在 {host}:{port} 上监听（{error.strerror}）。--host 填本机的地址，例如 127.0.0.1 或 0.0.0.0。"
        raise CannotStart(reason) from None


def start_over(settings: Settings) -> Settings:
    """Remove what a demo server keeps in its data directory; returns the settings with new secrets.

    Raises CannotStart in production and on a database that is not the directory's own. A directory without our database
    is left as it is: its `files` are somebody else's.
    """
    if settings.environment == "production":
        raise CannotStart("GCB_ENV=production 时不能用 --fresh：它会删除全部数据。")
    if settings.database_url != f"sqlite:///{settings.data_dir / 'gcb.db'}":
        raise CannotStart("--fresh 只清空数据目录里的 SQLite 数据库；DATABASE_URL 指定的数据库请自行清空。")
    if not (settings.data_dir / "gcb.db").exists():
        return settings
    for name in KEPT:
        path = settings.data_dir / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return Settings.from_env()


def _prepare(settings: Settings) -> None:
    """Tables, the shipped models, and in a demo the accounts, the land and the cases."""
    database = open_database(settings)
    migrate.upgrade(database)
    with database.writing() as session:
        if settings.clock == "virtual" and settings.clock_begin is not None:
            clock.begin_virtual(session, settings.clock_begin)
        now = clock.now(session, settings)
        if settings.demo:
            demo.seed(session)
        seeding.seed_from_disk(session, ROOT / "bpmn", ROOT / "forms", SYSTEM, now)
        if settings.demo and settings.clock == "system":  # a scenario brings its own cases and its own land
            registry_demo.seed(session, now)
            approval_demo.seed(session, settings, now)
    database.engine.dispose()


def _run(host: str, port: int, settings: Settings, local_url: str, asked: Asked) -> int:
    """Web and worker until asked to stop or the web process ends."""
    commands = {
        "web": [sys.executable, "-m", "server.cli", "web", "--host", host, "--port", str(port)],
        "worker": [sys.executable, "-m", "server.worker"],
    }
    running = {name: _start(command) for name, command in commands.items()}
    if _answers(local_url, running["web"], asked):
        _greet(settings)
    while not asked.within(0.2):
        if running["web"].poll() is not None:
            print("网页进程自己结束了，工程帮停止。原因见上面的输出。", file=sys.stderr, flush=True)
            break
        if running["worker"].poll() is not None:  # nothing is lost with it: its rows wait for the next one
            running["worker"] = _start(commands["worker"])
            asked.within(1)
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return 0 if asked.to_stop else 1


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    """A process in a group of its own, which ends when this one dies.

    Ctrl-C reaches only this process, and the other gets one signal from here: a second one, while granian handles the
    first, locks it up. It is told of our death, even by kill -9: nobody must go on holding the port.
    """
    return subprocess.Popen(  # noqa: S603
        command,
        process_group=0,
        preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),  # no thread runs here yet
    )


def _answers(url: str, process: "subprocess.Popen[bytes]", asked: Asked) -> bool:
    """Wait until the web process answers; says so when it takes too long."""
    end = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < end and process.poll() is None and not asked.to_stop:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            asked.within(0.1)
    if time.monotonic() >= end:
        print(f"{url} 在 {ANSWERS_WITHIN:.0f} 秒内没有应答，继续等待（Ctrl-C 结束）", file=sys.stderr, flush=True)
    return False


def _greet(settings: Settings) -> None:
    """The address, and in a demo one account a role."""
    print(f"工程帮 已启动：{settings.base_url}（Ctrl-C 结束）", flush=True)
    if settings.demo:
        print(f"演示账号（密码都是 {demo.PASSWORD}）：", flush=True)
        for login, name, place, section, _ in demo.ACCOUNTS:
            print(f"  {login:<11}{place}{'·' + section if section else ''} {name}", flush=True)


def _reachable(host: str) -> str:
    """How this machine reaches a server that listens on ``host``."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return "127.0.0.1" if host != "::" else "[::1]"
    return f"[{host}]" if ":" in host else host
