"""The owner's line in a real browser: go on with a draft, attach, submit, take it back, fetch a certificate."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from looking import barriers, overflow
from persons import PHONE, Person

from server.clock import CHINA
from server.files import demo

MATERIALS = ("M16", "M17", "M19")
TODAY = datetime.now(CHINA).date()


@pytest.fixture(scope="module")
def address(demo_address: str) -> str:
    """A server with the demo's projects in the middle of their lives."""
    return demo_address


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A document to upload."""
    path = tmp_path / "承诺书.pdf"
    path.write_bytes(demo.page("承诺书"))
    return path


def test_an_owner_goes_on_with_a_draft_attaches_submits_and_takes_it_back(
    at_desk: Callable[..., Person], paper: Path
) -> None:
    owner = at_desk("mengyue")
    page = owner.go("/todo")
    page.get_by_role("link", name="继续填写").first.click()
    draft = page.url
    page.get_by_role("link", name="修改").first.click()
    page.get_by_role("checkbox", name="8# 地上主体").uncheck()
    page.get_by_role("button", name="改成勾选楼栋的地上主体许可").click()
    page.wait_for_url(draft)
    assert "6#、7#" in page.inner_text("main")
    assert "8#" not in page.inner_text("main")

    page.get_by_role("link", name="填写", exact=True).click()
    page.get_by_label("合同价格").fill("9千万")
    page.get_by_role("button", name="保存，回到清单").click()
    page.get_by_role("alert").wait_for()
    page.wait_for_load_state()
    assert page.get_by_label("合同价格").input_value() == "9千万"
    owner.forgive("422")
    page.get_by_label("合同价格").fill("9000.50")
    page.get_by_label("合同工期的开始日期").fill(f"{TODAY}")
    page.get_by_label("合同工期的结束日期").fill(f"{TODAY + timedelta(days=400)}")
    page.get_by_role("button", name="保存，回到清单").click()
    page.wait_for_url(draft)
    assert "都填好了" in page.inner_text("main")

    for code in MATERIALS:
        page.set_input_files(f"#f-{code}", paper)
        page.locator(f"#m-{code}").get_by_text("已上传").wait_for()
    page.get_by_role("link", name="核对并提交").click()
    assert "9,000.50 万元" in page.inner_text("main")
    page.get_by_role("button", name="提交申请").click()
    page.get_by_role("alert").get_by_text("请先勾选声明").wait_for()
    owner.forgive("422")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="提交申请").click()
    page.wait_for_url("**/submitted")
    assert not barriers(page)
    page.get_by_role("link", name="看这一件").click()
    page.get_by_role("link", name="撤回申请").click()
    page.get_by_role("button", name="撤回申请").click()
    page.get_by_role("alert").get_by_text("还没有撤回").wait_for()
    owner.forgive("422")
    page.get_by_label("撤回的原因").fill("先不盖 8#，范围还要改")
    page.get_by_role("button", name="撤回申请").click()
    page.get_by_role("heading", name="在等什么").wait_for()
    assert "已撤件" in page.inner_text("main")


def test_a_certificate_is_fetched_as_a_signed_pdf(at_desk: Callable[..., Person]) -> None:
    owner = at_desk("mengyue")
    page = owner.go("/certificates")
    link = page.get_by_role("link", name="下载").first
    answer = owner.context.request.get(link.get_attribute("href") or "")
    assert answer.ok
    assert answer.body().startswith(b"%PDF-")
    assert b"/ByteRange" in answer.body()


def test_a_query_code_leads_to_its_case_on_a_phone(at_desk: Callable[..., Person]) -> None:
    owner = at_desk("mengyue")
    owner.go("/projects").locator(".gb-projects a").first.click()
    owner.page.get_by_role("link", name="这一件").first.click()
    code = owner.page.locator("code.gb-code").first.inner_text()
    anybody = at_desk("", size=PHONE)
    page = anybody.go("/track")
    page.get_by_label("办件查询码").fill(code.lower())
    page.get_by_role("button", name="查询").click()
    assert "在等什么" in page.inner_text("main")
    assert "蒙岳" not in page.inner_text("main")
    assert overflow(page) <= 0
    assert not barriers(page)
