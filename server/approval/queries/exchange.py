"""What was asked of an owner and what she answered (往来), list by list; read only."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.approval.models import Case, Notice, NoticeItem, NoticeReply
from server.files.models import StoredFile


@dataclass(frozen=True)
class Asked:
    """One item with its answer; reply None: not answered (yet). filename: of the file that came with the answer."""

    item: NoticeItem
    reply: NoticeReply | None
    filename: str


@dataclass(frozen=True)
class Exchange:
    """One list and its answers."""

    notice: Notice
    items: list[Asked]


def exchanges(session: Session, case: Case) -> list[Exchange]:
    """Every list the case was given, the newest first; two statements."""
    notices = session.scalars(select(Notice).where(Notice.case_id == case.id).order_by(Notice.id.desc())).all()
    rows = session.execute(
        select(NoticeItem, NoticeReply, StoredFile.name)
        .outerjoin(NoticeReply, NoticeReply.item_id == NoticeItem.id)
        .outerjoin(StoredFile, StoredFile.id == NoticeReply.file_id)
        .where(NoticeItem.notice_id.in_([one.id for one in notices]))
        .order_by(NoticeItem.number, NoticeReply.id)
    )
    items: dict[int, dict[int, Asked]] = {}
    for item, reply, filename in rows:
        items.setdefault(item.notice_id, {})[item.id] = Asked(item, reply, filename or "")
    return [Exchange(one, list(items.get(one.id, {}).values())) for one in notices]
