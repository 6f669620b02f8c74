"""Starting and starting over: what cannot be done is said in a sentence, before anything is changed."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server import cli, serving
from server.config import ConfigurationError, Settings


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_named_together_with_the_way_out(taken_port: int) -> None:
    with pytest.raises(serving.CannotStart, match=rf"端口 {taken_port} 已被另一个程序占用.*--port {taken_port + 1}"):
        serving.require_free("127.0.0.1", taken_port)


def test_a_host_that_is_not_this_machines_is_named() -> None:
    with pytest.raises(serving.CannotStart, match=r"192\.0\.2\.1"):  # TEST-NET-1, RFC 5737
        serving.require_free("192.0.2.1", 8000)


def test_one_data_directory_serves_one_at_a_time_and_is_free_after_the_first_ended(settings: Settings) -> None:
    refusal = pytest.raises(serving.CannotStart, match=r"正由另一个工程帮使用（进程号 \d+，http://127.0.0.1:8000）")
    with serving.claim(settings, "http://127.0.0.1:8000"), refusal:
        serving.claim(settings, "http://127.0.0.1:8001")
    serving.claim(settings, "http://127.0.0.1:8001").close()


def test_the_command_line_prints_the_reason_and_ends_with_1(
    taken_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GCB_DATA", str(tmp_path))
    assert cli.main(["web", "--port", str(taken_port)]) == 1
    assert capsys.readouterr().err.startswith(f"端口 {taken_port} 已被另一个程序占用")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "８０００"])
def test_a_port_is_a_number_from_1_to_65535(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["serve", f"--port={port}"])
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["a-file", "a-file/below", "/proc/nowhere"])
def test_a_data_directory_that_cannot_be_used_is_named_together_with_its_setting(place: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(ConfigurationError, match=r"数据目录 .* 不能用：.*GCB_DATA"):
        Settings.from_env({"GCB_DATA": str(tmp_path / place)})


def test_starting_over_removes_our_data_and_nothing_else(settings: Settings) -> None:
    folder = settings.data_dir
    for name in ("gcb.db", "gcb.db-wal", "secret.key", "somebody's.txt"):
        (folder / name).write_text("old")
    (folder / "files" / "ab").mkdir(parents=True)
    serving.start_over(settings)
    assert not (folder / "gcb.db").exists()
    assert not (folder / "gcb.db-wal").exists()
    assert not (folder / "files").exists()
    assert (folder / "somebody's.txt").read_text() == "old"


def test_starting_over_leaves_a_folder_without_our_database_alone(settings: Settings) -> None:
    (settings.data_dir / "files").mkdir()
    serving.start_over(settings)
    assert (settings.data_dir / "files").exists()


def test_starting_over_is_refused_in_production_and_on_another_database(settings: Settings) -> None:
    with pytest.raises(serving.CannotStart, match="production"):
        serving.start_over(replace(settings, environment="production"))
    with pytest.raises(serving.CannotStart, match="DATABASE_URL"):
        serving.start_over(replace(settings, database_url="postgresql+psycopg://city/gcb"))
