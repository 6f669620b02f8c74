"""An owner opens what belongs to the own project, whoever brought it; another owner does not."""

from builders_approval import APPROVER, Desk
from sqlalchemy.orm import Session

from server.approval.models import CaseMaterial
from server.approval.queries.own_files import among_own
from server.config import Settings


def test_an_owner_opens_the_results_and_materials_of_the_own_project_and_a_stranger_none(
    session: Session, settings: Settings
) -> None:
    desk = Desk(session, settings)
    project = desk.ready()
    result = desk.result(project, "A04").file_id
    assert result is not None
    loose = desk.file(APPROVER)  # uploaded by the window, in no project
    assert among_own(session, desk.owner, result)
    assert not among_own(session, desk.stranger, result)
    assert not among_own(session, desk.owner, loose)
    case = desk.applied(project, "P1")
    held = desk.file(APPROVER)
    given = {"sha256": "0" * 64, "filename": "设计文件.pdf", "origin": "窗口录入", "added_at": desk.now}
    session.add(CaseMaterial(case_id=case.id, code="M10", revision=2, file_id=held, **given))
    session.flush()
    assert among_own(session, desk.owner, held)
    assert not among_own(session, desk.stranger, held)
