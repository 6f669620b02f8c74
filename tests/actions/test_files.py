"""The store: bytes under their hash, on disk before the row, shared by equal uploads."""

import io
import os
import tracemalloc
from dataclasses import replace
from datetime import date, datetime

import pytest
from builders_files import WORD, a_pdf
from sqlalchemy import func, select

from server import clock
from server.accounts.actor import SYSTEM, Actor
from server.db import AppendOnlyViolation
from server.errors import Invalid, NotFound
from server.files import access, kinds, store
from server.files.models import StoredFile


def at() -> datetime:
    return clock.at(date(2026, 9, 16))


def owner_of(organisation_id: int | None) -> Actor:
    return Actor(None, "经办人", organisation_id, "蒙岳置业", None, "150502", frozenset({"applicant"}))


def kept_files(settings) -> list[str]:
    return [path.name for path in (settings.data_dir / "files").rglob("*") if path.is_file()]


def test_an_upload_lies_under_its_hash_and_is_read_back_whole(session, settings):
    data = a_pdf()
    file = store.save(session, settings, io.BytesIO(data), "施工图.pdf", SYSTEM, at())
    path = store.path_of(settings, file)
    assert path == settings.data_dir / "files" / file.sha256[:2] / file.sha256[2:4] / file.sha256
    assert path.read_bytes() == data
    assert (file.name, file.size, file.media_type) == ("施工图.pdf", len(data), kinds.PDF)
    assert store.intact(settings, file)


def test_equal_uploads_share_their_bytes_but_not_their_row(session, settings):
    data = a_pdf()
    one = store.save(session, settings, io.BytesIO(data), "甲.pdf", SYSTEM, at())
    two = store.save(session, settings, io.BytesIO(data), "乙", SYSTEM, at())
    assert one.sha256 == two.sha256
    assert one.id != two.id
    assert two.name == "乙.pdf"
    assert kept_files(settings) == [one.sha256]


@pytest.mark.parametrize("data", [WORD, b"", a_pdf()[:200]])
def test_a_refused_upload_leaves_nothing_behind(session, settings, data):
    with pytest.raises(Invalid):
        store.save(session, settings, io.BytesIO(data), "方案.pdf", SYSTEM, at())
    assert kept_files(settings) == []
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_an_upload_over_the_limit_stops_at_the_limit(session, settings):
    class Endless:
        given = 0

        def read(self, size=-1, /):
            self.given += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(Invalid, match="超过了 1 MB") as caught:
        store.receive(replace(settings, upload_limit=1024 * 1024), stream, "大.pdf")
    assert caught.value.code == "FILE_TOO_LARGE"
    assert stream.given < 2 * 1024 * 1024
    assert kept_files(settings) == []


def test_a_large_upload_is_never_whole_in_memory(settings):
    class Filler(io.RawIOBase):
        left = 30 * 1024 * 1024

        def read(self, size=-1, /):
            take = min(size, self.left)
            self.left -= take
            return os.urandom(take)

    tracemalloc.start()
    with pytest.raises(Invalid):
        store.receive(settings, Filler(), "大.pdf")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * 1024 * 1024


def test_a_changed_byte_on_disk_is_noticed(session, settings):
    file = store.save(session, settings, io.BytesIO(a_pdf()), "a.pdf", SYSTEM, at())
    path = store.path_of(settings, file)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert not store.intact(settings, file)


def test_a_lost_file_says_so(session, settings):
    file = store.save(session, settings, io.BytesIO(a_pdf()), "a.pdf", SYSTEM, at())
    store.path_of(settings, file).unlink()
    assert not store.intact(settings, file)
    with pytest.raises(NotFound, match="不在存储里"):
        store.path_of(settings, file)


def test_a_file_row_cannot_be_changed(session, settings):
    file = store.save(session, settings, io.BytesIO(a_pdf()), "a.pdf", SYSTEM, at())
    file.name = "别的.pdf"
    with pytest.raises(AppendOnlyViolation):
        session.flush()


def test_only_the_uploaders_organisation_and_staff_may_open_a_file(session, settings):
    file = StoredFile(id=1, sha256="", name="a.pdf", size=1, media_type=kinds.PDF, organisation_id=7)
    clerk = Actor(2, "窗口", 1, "政务局", "政务大厅·综合窗口", "150500", frozenset({"window_clerk"}))
    assert access.may_read(owner_of(7), file)
    assert access.may_read(clerk, file)
    assert not access.may_read(owner_of(8), file)
    assert not access.may_read(owner_of(None), StoredFile(organisation_id=None))
    with pytest.raises(NotFound):
        access.require_readable(owner_of(8), file)


def test_left_overs_of_broken_uploads_are_swept(settings):
    folder = settings.data_dir / "files" / "incoming"
    folder.mkdir(parents=True)
    (folder / "old").write_bytes(b"x")
    os.utime(folder / "old", (1, 1))
    (folder / "new").write_bytes(b"x")
    assert store.sweep_incoming(settings, older_than=1000) == 1
    assert kept_files(settings) == ["new"]
