"""Migration 0003: a person's version in force fills the library, a version nobody published becomes a draft change set."""

from alembic import command
from sqlalchemy import text

from server import migrate
from server.db import Database
from server.schema import metadata

VERSION = (
    "insert into pro_versions (id, process_id, number, closure_hash, files, origin, name, note, created_at, created_by, "
    "created_by_id) values (:id, 'review', :id, :hash, :files, 'designer', '审查', :note, '2026-03-02 01:00:00', '周设计', 15)"
)


def test_nothing_people_made_before_is_lost(database: Database) -> None:
    metadata.drop_all(database.engine)
    command.upgrade(migrate.configuration(database), "0002")
    with database.engine.begin() as connection:
        for sha, content in (("a", b"old"), ("b", b"new"), ("f", b'{"id": "opinion"}')):
            connection.execute(
                text("insert into pro_blobs (sha256, content) values (:sha, :content)"),
                {"sha": sha, "content": content},
            )
        for key, name, sha in (("review.bpmn", "review.bpmn", "a"), ("opinion", "opinion.form", "f")):
            connection.execute(
                text(
                    "insert into pro_library (key, name, sha256, added_at) values (:key, :name, :sha, '2026-03-01 01:00:00')"
                ),
                {"key": key, "name": name, "sha": sha},
            )
        closures = ('{"review.bpmn":"b","opinion.form":"f"}', '{"review.bpmn":"a","opinion.form":"f"}')
        for number, files in enumerate(closures, 1):
            row = {"id": number, "hash": str(number), "files": files, "note": f"第 {number} 次"}
            connection.execute(text(VERSION), row)
        connection.execute(
            text(
                "insert into pro_publications (process_id, version_id, kind, reason, published_at, published_by, "
                "published_by_id) values ('review', 1, 'publish', '', '2026-03-02 02:00:00', '吴审阅', 16)"
            )
        )
    command.upgrade(migrate.configuration(database), "0003")
    with database.engine.connect() as connection:
        last = connection.execute(text("select name, sha256, added_by_id from pro_library order by id")).all()
        assert [tuple(row) for row in last] == [
            ("review.bpmn", "a", None),
            ("opinion.form", "f", None),
            ("review.bpmn", "b", 16),
        ]
        drafts = connection.execute(text("select title, state, created_by_id from pro_change_sets")).all()
        assert [tuple(row) for row in drafts] == [("第 2 次", "draft", 15)]
        changed = connection.execute(text("select name, sha256, base from pro_change_files")).all()
        assert [tuple(row) for row in changed] == [("review.bpmn", "a", "b")]
        assert connection.execute(text("select id from pro_versions")).scalars().all() == [1]
    command.upgrade(migrate.configuration(database), "head")
