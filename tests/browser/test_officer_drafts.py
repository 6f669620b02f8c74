"""Nothing an officer typed is lost: a list of thirty items over a reload, another outcome, a refusal and an ended session."""

from collections.abc import Callable

import pytest
from persons import Person
from playwright.sync_api import Page, expect

from server.accounts import demo

ITEMS = 30


@pytest.fixture(scope="module")
def address(demo_address: str) -> str:
    """A server with the demo's projects in the middle of their lives."""
    return demo_address


def requests_of(page: Page) -> list[str]:
    """What is asked for, item by item, as it stands in the fields now."""
    return [one.input_value() for one in page.locator("[name$='.request']").all()]


def test_a_list_of_thirty_items_survives_whatever_comes_between(at_desk: Callable[..., Person]) -> None:
    clerk = at_desk("window")
    page = clerk.go("/officer/?view=free")
    page.get_by_role("link", name="科尔沁区实验小学新建工程").first.click()
    correct, items = page.get_by_label("一次告知补正"), page.locator("[name$='.request']")
    correct.check()
    for number in range(ITEMS):
        expect(items).to_have_count(number + 1)
        page.locator(f"[name='items.{number}.subject']").fill(f"材料{number}")
        page.locator(f"[name='items.{number}.kind']").select_option("缺签章")
        items.nth(number).fill(f"请补第 {number} 项")
        if number < ITEMS - 1:
            page.get_by_role("button", name="再加一项").click()
    typed = requests_of(page)

    page.reload()
    expect(items).to_have_count(ITEMS)
    assert correct.is_checked()
    assert requests_of(page) == typed
    page.get_by_text("上次没有提交的内容已经放回来了").wait_for()
    assert page.locator("[name='items.29.kind']").input_value() == "缺签章"

    page.get_by_role("radio", name="不受理", exact=True).check()
    expect(items).to_have_count(0)
    correct.check()
    expect(items).to_have_count(ITEMS)
    assert requests_of(page) == typed

    page.locator("fieldset.gb-fix").nth(1).get_by_role("button", name="去掉这一项").click()
    expect(items).to_have_count(ITEMS - 1)
    items.nth(3).fill("")
    page.get_by_role("button", name="发出补正告知").click()
    page.get_by_role("alert").get_by_text("请填要求").wait_for()
    clerk.forgive("422")
    typed = [*typed[:1], *typed[2:]]
    typed[3] = ""

    clerk.context.clear_cookies()
    page.get_by_role("button", name="发出补正告知").click()
    page.get_by_role("link", name="回到刚才那一页").click()
    clerk.forgive("400")
    page.get_by_label("用户名").fill("window")
    page.get_by_label("密码").fill(demo.PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(items).to_have_count(ITEMS - 1)
    assert requests_of(page) == typed

    items.nth(3).fill("请补第 4 项")
    page.get_by_role("button", name="发出补正告知").click()
    page.get_by_text("已记下").wait_for()
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_a_session_that_ended_leads_to_signing_in_and_empties_no_part_of_the_page(
    at_desk: Callable[..., Person],
) -> None:
    clerk = at_desk("window")
    page = clerk.go("/officer/?view=free")
    page.get_by_role("link", name="科尔沁职业学院").first.click()
    page.get_by_label("意见和理由").fill("先看图")
    page.wait_for_load_state("networkidle")  # an answer under way would bring the cookie back
    clerk.context.clear_cookies()
    page.get_by_role("link", name="申请内容").click()
    page.wait_for_url("**/sign-in?next=**")
    clerk.complaints.clear()


def test_what_came_back_can_be_thrown_away(at_desk: Callable[..., Person]) -> None:
    clerk = at_desk("window")
    page = clerk.go("/officer/?view=free")
    page.get_by_role("link", name="科尔沁职业学院").first.click()
    page.get_by_role("radio", name="不受理", exact=True).check()
    page.get_by_label("意见和理由").fill("先看图")
    page.reload()
    page.get_by_role("button", name="不要了，从头填").click()
    expect(page.get_by_label("意见和理由")).to_have_value("")
    expect(page.get_by_role("radio", name="不受理", exact=True)).not_to_be_checked()
    expect(page.get_by_text("上次没有提交的内容")).to_have_count(0)
