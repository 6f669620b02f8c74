"""Papers: issued in the act, made by the worker once, verified by anyone, marked by later acts."""

import asyncio
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pikepdf
import pytest
from builders_papers import SPECIALS, a_certificate, a_filing, a_letter, a_permit, a_refusal, items
from sqlalchemy import func, select

from server import clock, jobs
from server.accounts.actor import SYSTEM, Actor
from server.accounts.models import Organisation
from server.db import AppendOnlyViolation
from server.documents import kinds, making, papers, pdf_signature, render
from server.documents.models import PaperFile
from server.documents.signer import DemoAuthority, NoSigner, make_signer
from server.documents.words import public_facts
from server.errors import Invalid, NotFound
from server.files import store
from server.files.models import StoredFile

NOW = clock.at(date(2025, 10, 13))
ISSUER = "通辽市科尔沁区住房和城乡建设局"
NUMBER = "150502202510130101"


def issue(session, kind="construction-permit", number=NUMBER, data=None, **more):
    return papers.issue(session, kind, number, data or a_permit(), "case:1", SYSTEM, NOW, issuer=ISSUER, **more)


def owner(organisation_id: int) -> Actor:
    return Actor(9, "经办人", organisation_id, "蒙岳置业", None, "150502", frozenset({"applicant"}))


def test_a_paper_is_found_by_its_code_however_typed_and_by_its_number(session):
    paper = issue(session)
    code = paper.verification_code
    assert len(code) == 19
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} ", NUMBER):
        assert papers.find(session, typed) is paper
    assert papers.of(session, "case:1") == [paper]
    with pytest.raises(NotFound, match="没有查到"):
        papers.get(session, "AAAA-AAAA-AAAA-AAAA")
    assert papers.find(session, "1505\0") is None  # PostgreSQL takes no NUL


def test_a_paper_without_a_fact_is_not_issued(session):
    data = a_permit()
    del data["contractor"]
    with pytest.raises(Invalid, match="contractor") as caught:
        issue(session, data=data)
    assert caught.value.code == "PAPER_DATA"


def test_a_refusal_without_reason_or_remedy_is_not_issued(session):
    with pytest.raises(Invalid) as caught:
        issue(session, "refusal-decision", "通住建许不〔2026〕第0001号", a_letter())
    assert set(caught.value.fields) == {"reasons", "remedy"}


def test_a_correction_notice_without_items_is_not_issued(session):
    with pytest.raises(Invalid, match="items"):
        issue(session, "correction-notice", "通住建补〔2026〕第0001号", a_letter())


def test_figures_on_papers_are_never_floats(session):
    with pytest.raises(TypeError):
        issue(session, data=a_permit(area=53820.86))
    with pytest.raises(Invalid, match="area"):
        issue(session, data=a_permit(area="53820.861"))


def test_an_issued_paper_cannot_be_changed(session):
    paper = issue(session)
    paper.number = "150502202510130102"
    with pytest.raises(AppendOnlyViolation):
        session.flush()


def test_the_same_number_again_is_the_next_version(session):
    issue(session)
    second = issue(session, data=a_permit(project_name="河湾府（更正）"))
    assert second.version == 2
    assert papers.find(session, NUMBER) is second


def test_the_worker_makes_one_signed_file_however_often_it_runs(database, settings):
    with database.writing() as session:
        paper_id = issue(session).id
    assert jobs.run_due(database, settings) == 1
    with database.writing() as session:
        work = jobs.Work(session, settings, NOW)
        making.make_paper(work, {"paper_id": paper_id}, making.draw(work, {"paper_id": paper_id}))
    with database.reading() as session:
        paper = papers.get(session, NUMBER)
        assert paper.file_id is not None
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 1
        assert paper.made is not None
        content = store.path_of(settings, paper.made.file).read_bytes()
    checked = pdf_signature.check(content, make_signer(settings).root())
    assert checked.good
    assert checked.signer == ISSUER


def test_two_workers_at_once_make_one_file(database, settings):
    with database.writing() as session:
        paper_id = issue(session).id
    with database.reading() as session:
        one = making.draw(jobs.Work(session, settings, NOW), {"paper_id": paper_id})
        two = making.draw(jobs.Work(session, settings, NOW), {"paper_id": paper_id})
    start = threading.Barrier(2)

    def store_it(made):
        start.wait()
        with database.writing() as session:
            making.make_paper(jobs.Work(session, settings, NOW), {"paper_id": paper_id}, made)

    threads = [threading.Thread(target=store_it, args=(made,)) for made in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PaperFile)) == 1


def test_a_paper_is_worth_what_its_last_mark_says(session):
    paper = issue(session)
    assert papers.by_marks(paper).in_force
    for state, word in (("suspended", "中止"), ("resumed", "有效"), ("revoked", "已撤销")):
        papers.mark(session, paper, state, "试", SYSTEM, NOW)
        assert papers.by_marks(paper).word == word
    with pytest.raises(Invalid, match="不能再改"):
        papers.mark(session, paper, "resumed", "试", SYSTEM, NOW)


def test_the_area_that_issued_a_paper_may_know_better(session, monkeypatch):
    monkeypatch.setattr(papers, "_resolvers", {})

    @papers.standing("construction-permit")
    def lapsed(_session, paper, _now):
        return papers.named(paper, "lapsed")

    assert papers.standing_of(session, issue(session), NOW).word == "已废止"


def test_holder_and_staff_may_fetch_the_pdf_and_nobody_else(session):
    session.add(Organisation(id=7, name="蒙岳置业", kind="owner", district="150502"))
    session.flush()
    paper = issue(session, organisation_id=7)
    clerk = Actor(2, "窗口", 1, "政务局", None, "150500", frozenset({"window_clerk"}))
    assert papers.may_fetch(owner(7), paper)
    assert papers.may_fetch(clerk, paper)
    assert not papers.may_fetch(owner(8), paper)
    assert not papers.may_fetch(None, paper)


def test_strangers_see_facts_but_no_persons(session):
    paper = issue(session)
    facts = dict(public_facts(kinds.kind_of(paper.kind), paper.data))
    assert facts["建设规模"] == "53,820.86㎡"
    assert facts["合同价格"] == "13,860.00 万元"
    assert facts["发证日期"] == "2025年10月13日"
    assert not {"韩勘察", "白设计", "陈建设", "何监理"} & set(facts.values())


FACTS = [{"label": "验收范围", "value": "1#至5#、地下车库"}, {"label": "合格日期", "value": "2026年9月24日"}]
SAMPLES = {
    "construction-permit": a_permit(),
    "acceptance-filing": a_filing(),
    "property-certificate": a_certificate(),
}


def sample_of(kind: str) -> dict:
    if kind in SAMPLES:
        return SAMPLES[kind]
    schema = kinds.KINDS[kind].schema
    return a_refusal() if schema is kinds.Refusal else a_letter(items=items())


def sheet(kind: str, data: dict) -> render.Sheet:
    return render.Sheet(
        kind=kind,
        title=kinds.KINDS[kind].title,
        number="蒙(2026)通辽市不动产权第0018642号",
        issuer=ISSUER,
        data=kinds.checked(kind, data),
        code="7K2M-Q9XD-4HTW-B3PC",
        verify_url="http://127.0.0.1:8000/verify/7K2M-Q9XD-4HTW-B3PC",
        demo=True,
    )


def pages(kind: str, data: dict) -> int:
    with pikepdf.open(io.BytesIO(render.pdf(sheet(kind, data)))) as document:
        return len(document.pages)


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
def test_every_kind_is_an_archivable_pdf_with_its_fonts_inside(kind, tmp_path):
    path = tmp_path / "paper.pdf"
    path.write_bytes(render.pdf(sheet(kind, sample_of(kind))))
    with pikepdf.open(path) as document:
        with document.open_metadata() as metadata:
            assert metadata.pdfa_status == "3U"
        fonts = [
            thing for thing in document.objects if isinstance(thing, pikepdf.Dictionary) and "/FontDescriptor" in thing
        ]
        assert fonts
        assert all("/FontFile3" in font.FontDescriptor or "/FontFile2" in font.FontDescriptor for font in fonts)
        names = {str(font.BaseFont) for font in fonts}
        assert all("Noto-Serif-CJK-SC" in name for name in names), names


def test_a_long_permit_stays_on_its_one_page(tmp_path):
    long = a_permit(
        owner="内蒙古自治区通辽市科尔沁区蒙岳房地产开发建设投资集团有限责任公司通辽第二分公司",
        project_name="河湾府（霍林河东岸城市更新改造及配套基础设施综合开发建设项目二期工程之住宅、商业及地下车库）",
        buildings=[f"{n}#" for n in range(1, 41)],
    )
    path = tmp_path / "paper.pdf"
    path.write_bytes(render.pdf(sheet("construction-permit", long)))
    with pikepdf.open(path) as document:
        assert len(document.pages) == 1


def test_the_papers_of_a_usual_case_take_no_page_more_than_they_need():
    specials = [{**one, "document": "通消验字〔2026〕第0031号"} for one in SPECIALS]
    opinion = a_letter(specials=specials, closing=["请在合格之日起十五日内办理竣工验收备案。"], facts=FACTS)
    assert pages("acceptance-opinion", opinion) == 1
    assert pages("acceptance-filing", a_filing()) == 2
    assert pages("property-certificate", a_certificate()) == 2
    assert pages("property-certificate", a_certificate(buildings=[], notes=[])) == 1


def test_a_column_that_nobody_has_filled_is_not_printed():
    bare = [{k: v for k, v in one.items() if k != "unit_code"} for one in a_certificate()["buildings"]]
    text = render.html(sheet("property-certificate", a_certificate(buildings=bare)))
    assert "<th>不动产单元号</th><th>用途" not in text
    assert "<th>结构</th>" not in text
    assert 'colspan="3">合计 6 幢' in text
    full = [{**one, "structure": "钢混"} for one in a_certificate()["buildings"]]
    text = render.html(sheet("property-certificate", a_certificate(buildings=full)))
    assert "<th>结构</th>" in text
    assert 'colspan="5">合计 6 幢' in text


def test_markup_in_a_name_is_only_text():
    text = render.html(sheet("construction-permit", a_permit(owner="<script>alert(1)</script>{{ 7*7 }}")))
    assert "<script>" not in text
    assert "{{ 7*7 }}" in text


def test_a_paper_fetches_nothing_from_the_net_or_the_disk():
    fetcher = render._Packaged()
    for url in (
        "http://127.0.0.1/",
        "file:///etc/passwd",
        "data:text/css,*",
        (render.TEMPLATES / "../kinds.py").as_uri(),
    ):
        with pytest.raises(render.FatalURLFetchingError):
            fetcher.fetch(url)
    assert fetcher.fetch((render.TEMPLATES / "paper.css").as_uri()).read()


def test_a_rare_character_is_drawn_and_one_nobody_can_draw_is_named():
    assert render.pdf(sheet("construction-permit", a_permit(owner="𠮷祥置业"))).startswith(b"%PDF")
    with pytest.raises(render.NoGlyph, match=r"U\+1F600"):
        render.pdf(sheet("construction-permit", a_permit(owner="笑😀置业")))


def test_the_demonstration_authority_keeps_its_keys_to_itself(settings):
    signer = make_signer(settings)
    signature = signer.sign_text("蒙岳置业", "同意首次登记".encode())
    assert signer.verify_text("蒙岳置业", "同意首次登记".encode(), signature)
    assert not signer.verify_text("科源城投", "同意首次登记".encode(), signature)
    assert not signer.verify_text("蒙岳置业", "不同意".encode(), signature)
    assert not signer.verify_text("蒙岳置业", "同意首次登记".encode(), "{}")
    foreign = DemoAuthority(settings.data_dir / "elsewhere").sign_text("蒙岳置业", "同意首次登记".encode())
    assert not signer.verify_text("蒙岳置业", "同意首次登记".encode(), foreign)
    folder = settings.data_dir / "ca"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_changed_byte_breaks_the_signature(settings):
    signer = make_signer(settings)
    pdf = render.pdf(sheet("admission-notice", a_letter()))
    signed = bytearray(pdf_signature.sign(pdf, signer.identity(ISSUER), "通辽市", NOW))
    assert pdf_signature.check(bytes(signed), signer.root()).good
    signed[len(pdf) // 2] ^= 1
    assert not pdf_signature.check(bytes(signed), signer.root()).intact
    assert not pdf_signature.check(pdf, signer.root()).good


def test_production_does_not_sign_with_the_demonstration_authority(settings):
    from dataclasses import replace

    with pytest.raises(NoSigner):
        make_signer(replace(settings, environment="production"))


def test_a_paper_is_signed_and_checked_where_an_event_loop_runs(settings):
    signer = make_signer(settings)

    pdf = render.pdf(sheet("admission-notice", a_letter()))

    async def inside() -> bool:
        signed = pdf_signature.sign(pdf, signer.identity(ISSUER), "通辽市", NOW)
        return pdf_signature.check(signed, signer.root()).good

    with ThreadPoolExecutor(max_workers=1) as thread:  # whatever runs in the thread of the tests
        assert thread.submit(asyncio.run, inside()).result()
