"""What a running process is about, in a few words, for people who may see that it runs but not what is in it."""

from sqlalchemy.orm import Session

from server.approval.models import Case, Project
from server.registry import recording
from server.registry.models import Application


def of_subject(session: Session, subject: str) -> str:
    """The project of a case ('case:12') or of a registration; of anything else only that it is one."""
    kind, _, number = subject.partition(":")
    if not number.isdigit():
        return "办件"
    if f"{kind}:" == recording.SUBJECT:
        application = session.get(Application, int(number))
        return application.project_name if application else "登记件"
    case = session.get(Case, int(number)) if kind == "case" else None
    project = session.get(Project, case.project_id) if case else None
    return project.name if project else "办件"
