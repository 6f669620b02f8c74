"""Which files belong to an owner's own projects, whoever brought them: the window enters earlier results for the owner."""

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval.models import Case, CaseMaterial, Project, Result


def among_own(session: Session, actor: Actor, file_id: int) -> bool:
    """Whether the file is the document of a result of the actor's project, or a material of the actor's case."""
    if actor.organisation_id is None:
        return False
    result = exists().where(
        Result.file_id == file_id,
        Project.id == Result.project_id,
        Project.owner_organisation_id == actor.organisation_id,
    )
    material = exists().where(
        CaseMaterial.file_id == file_id,
        Case.id == CaseMaterial.case_id,
        Case.owner_organisation_id == actor.organisation_id,
    )
    return bool(session.scalar(select(or_(result, material))))
