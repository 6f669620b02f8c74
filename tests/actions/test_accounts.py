"""Signing in, tokens and the audit chain, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts import actions, demo
from server.accounts.models import Organisation, SignInFailure
from server.errors import Forbidden, Invalid

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_a_demo_officer_signs_in_and_is_known_by_unit_and_role(session: Session) -> None:
    assert demo.seed(session)
    actor = actions.sign_in(session, "approver", demo.PASSWORD, NOW)
    assert (actor.unit, actor.roles, actor.district) == ("住建局·审批科", {"dept_approver"}, "150502")
    assert not demo.seed(session)


def test_unknown_login_and_wrong_password_are_told_apart_by_nobody(session: Session) -> None:
    demo.seed(session)
    with pytest.raises(Forbidden) as unknown:
        actions.sign_in(session, "nobody", demo.PASSWORD, NOW)
    with pytest.raises(Forbidden) as wrong:
        actions.sign_in(session, "approver", "wrong-password", NOW)
    assert unknown.value.message == wrong.value.message


def test_five_failures_close_an_account_for_five_minutes(session: Session) -> None:
    demo.seed(session)
    for _ in range(5):
        with pytest.raises(Forbidden):
            actions.sign_in(session, "approver", "wrong-password", NOW)
    with pytest.raises(Forbidden, match="暂停登录"):
        actions.sign_in(session, "approver", demo.PASSWORD, NOW)
    assert actions.sign_in(session, "approver", demo.PASSWORD, NOW + timedelta(minutes=6)).unit == "住建局·审批科"


def test_a_token_ends_when_it_expires_or_is_revoked(session: Session) -> None:
    demo.seed(session)
    actor = actions.sign_in(session, "window", demo.PASSWORD, NOW)
    first, second = actions.issue_token(session, actor, NOW), actions.issue_token(session, actor, NOW)
    assert actions.actor_for_token(session, first, NOW) == actor
    assert actions.actor_for_token(session, first, NOW + timedelta(hours=13)) is None
    actions.revoke_token(session, second, NOW)
    assert actions.actor_for_token(session, second, NOW) is None
    assert actions.actor_for_token(session, "made-up", NOW) is None


def test_an_organisation_with_a_wrong_or_taken_credit_code_is_refused(session: Session) -> None:
    actions.create_organisation(session, "蒙岳置业", "owner", "150502", uscc="91150502MA0N4T7K7D")
    for code in ("91150502MA0N4T7K7E", "91150502MA0N4T7K7D"):
        with pytest.raises(Invalid) as refused:
            actions.create_organisation(session, "另一家", "owner", "150502", uscc=code)
        assert "uscc" in refused.value.fields
    assert session.query(Organisation).count() == 1


def test_an_unknown_login_rests_as_a_known_one_does(session: Session) -> None:
    """Nobody learns from the answers which logins exist."""
    demo.seed(session)

    def said(login: str) -> list[tuple[str, str]]:
        answers = []
        for _ in range(7):
            with pytest.raises(Forbidden) as refused:
                actions.sign_in(session, login, "wrong", NOW)
            answers.append((refused.value.code, refused.value.message))
        return answers

    assert said("approver") == said("nobody")
    assert said("nobody")[0][0] == "LOCKED"


def test_failures_of_yesterday_are_forgotten(session: Session) -> None:
    with pytest.raises(Forbidden):
        actions.sign_in(session, "nobody", "wrong", NOW)
    with pytest.raises(Forbidden):
        actions.sign_in(session, "somebody", "wrong", NOW + timedelta(days=2))
    assert session.scalar(select(func.count()).select_from(SignInFailure)) == 1


@pytest.mark.parametrize("login", ["approver\0", "\ud800", "app\u2028rover"])
def test_a_login_that_no_database_takes_is_a_wrong_one_and_counts(session: Session, login: str) -> None:
    demo.seed(session)
    codes = []
    for _ in range(6):
        with pytest.raises(Forbidden) as refused:
            actions.sign_in(session, login, demo.PASSWORD, NOW)
        codes.append(refused.value.code)
    assert codes == ["SIGN_IN"] * 5 + ["LOCKED"]
    assert actions.sign_in(session, "approver", demo.PASSWORD, NOW).unit == "住建局·审批科"
