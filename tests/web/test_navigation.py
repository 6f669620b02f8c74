"""The menu: by role, only pages that exist, one desk at a time."""

from server.accounts.actor import Actor
from server.web import navigation


def _actor(*roles: str) -> Actor:
    return Actor(1, "王批准", 1, "住建局", "住建局·审批科", "150502", frozenset(roles))


def _everything() -> dict[str, object]:
    return {endpoint: None for desk in (*navigation.DESKS, navigation.PUBLIC) for endpoint, _ in desk.items}


def test_an_owner_sees_her_four_items_in_the_guides_order() -> None:
    [desk] = navigation.desks_of(_actor("applicant"))
    labels = [item.label for item in navigation.items(desk, _everything(), "owner.todo")]
    assert labels == ["我的项目", "要我办的", "证照", "办事指南"]


def test_only_pages_that_exist_are_in_the_menu() -> None:
    [desk] = navigation.desks_of(_actor("dept_approver"))
    items = navigation.items(desk, {"officer.inbox": None}, "officer.inbox")
    assert [(item.label, item.current) for item in items] == [("待办", True)]


def test_nobody_and_a_role_without_a_desk_see_the_public_menu() -> None:
    assert navigation.desks_of(None) == (navigation.PUBLIC,)
    assert navigation.desks_of(_actor("review_agency")) == (navigation.PUBLIC,)


def test_two_roles_give_two_desks_and_the_page_shown_chooses() -> None:
    both = _actor("dept_approver", "process_publisher")
    assert [desk.key for desk in navigation.desks_of(both)] == ["officer", "studio"]
    assert navigation.desk_at(both, "studio", None).key == "studio"
    assert navigation.desk_at(both, None, "studio").key == "studio"
    assert navigation.desk_at(both, None, None).key == "officer"


def test_staff_desks_are_compact_and_owners_are_roomy() -> None:
    assert {desk.key for desk in navigation.DESKS if not desk.compact} == {"owner"}


def test_a_desk_begins_at_its_first_existing_page() -> None:
    [desk] = navigation.desks_of(_actor("registrar_admit"))
    assert navigation.home_of(desk, {"registry.book": None}) == "registry.book"
    assert navigation.home_of(desk, {}) == "public.home"
