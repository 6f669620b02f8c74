"""Fields as the browser gets them, and its answers as they come back."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict

from server.processes import forms as files
from server.web import forms

FORMS = Path(__file__).parents[2] / "forms"
ALL = sorted(path.stem for path in FORMS.glob("*.form"))


def shipped(name: str) -> files.Form:
    return files.load((FORMS / f"{name}.form").read_bytes())


def html(app: Flask, name: str, answers: dict[str, Any] | None = None, errors: Any = None, **variables: Any) -> str:
    shown = forms.draw(shipped(name), answers or {}, variables, errors)
    page = "{% import '_fields.html' as ff with context %}{{ ff.fields(shown, '/again') }}"
    with app.test_request_context("/"):
        return render_template_string(page, shown=shown)


@pytest.mark.parametrize("name", ALL)
def test_every_input_has_a_label_and_no_id_comes_twice(app: Flask, name: str) -> None:
    text = html(app, name, {"outcome": "correct"})
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    labelled = set(re.findall(r'<label for="([^"]+)"', text))
    for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", text):
        if 'type="hidden"' in tag:
            continue
        own = re.search(r'\bid="([^"]+)"', tag)
        assert own, tag
        wrapped = re.search(rf'<label[^>]*><input[^>]*id="{re.escape(own[1])}"', text)
        assert own[1] in labelled or wrapped, tag
    for target in re.findall(r'aria-describedby="([^"]+)"', text):
        assert set(target.split()) <= set(ids)


def test_outcomes_are_radios_with_keys_and_the_impossible_one_says_why(app: Flask) -> None:
    text = html(app, "permit-intake", corrected=True)
    assert '<span class="gb-kbd" aria-hidden="true">1</span>' in text
    correct = re.search(r'<label><input[^>]*value="correct"[^>]*>.*?</label>', text, re.DOTALL)
    assert correct
    assert " disabled" in correct[0]
    assert "已经一次告知过，不能再要新的材料" in correct[0]
    assert "gb-kbd" not in correct[0]


def test_a_list_appears_with_the_outcome_that_needs_it(app: Flask) -> None:
    assert "要补的内容" not in html(app, "permit-intake", {"outcome": "admit"})
    text = html(app, "permit-intake", {"outcome": "correct"})
    assert "要补的内容" in text
    assert 'name="items.0.request"' in text


def test_only_what_steers_refreshes_the_form(app: Flask) -> None:
    text = html(app, "permit-intake", {"outcome": "correct"})
    assert re.search(r'<input[^>]*name="outcome"[^>]*hx-post="/again"', text)
    assert not re.search(r'<textarea[^>]*name="opinion"[^>]*hx-post', text)


def test_an_error_stands_beside_its_field_with_the_value_kept(app: Flask) -> None:
    text = html(app, "permit-application", {"contract_price": "一千"}, {"contract_price": ["合同价格请只填数字"]})
    tag = re.search(r'<input[^>]*id="contract_price"[^>]*>', text)
    assert tag
    assert 'value="一千"' in tag[0]
    assert 'aria-invalid="true"' in tag[0]
    assert 'aria-describedby="contract_price-hint contract_price-err"' in tag[0]
    assert 'id="contract_price-err"' in text


def test_what_is_typed_is_escaped(app: Flask) -> None:
    assert "<script>" not in html(app, "permit-application", {"contractor": "<script>alert(1)</script>"})


def test_the_summary_links_each_sentence_to_its_field() -> None:
    asked = shipped("permit-intake")
    answers = {"outcome": "correct", "items": [{"kind": "缺材料"}]}
    errors = {"items.0.request": ["请填要求"], "outcome": ["请选处理结果"]}
    shown = forms.draw(asked, answers, {}, errors)
    assert forms.summary(shown) == [("outcome-admit", "请选处理结果"), ("items-0-request", "请填要求")]


def test_posted_names_become_answers_again() -> None:
    posted = MultiDict(
        [
            ("outcome", "correct"),
            ("items.0.kind", "缺签章"),
            ("items.0.request", "请加盖签章"),
            ("items.2.request", "请补交"),
            ("opinion", ""),
            ("csrf_token", "x"),
        ]
    )
    assert forms.read(shipped("permit-intake"), posted) == {
        "outcome": "correct",
        "items": [{"kind": "缺签章", "request": "请加盖签章"}, {"request": "请补交"}],
        "opinion": "",
    }


def test_a_box_that_was_not_ticked_is_false() -> None:
    asked = shipped("filing-application")
    assert forms.read(asked, MultiDict())["parties_changed"] is False
    assert forms.read(asked, MultiDict([("parties_changed", "true")]))["parties_changed"] is True


def test_rows_are_added_and_dropped_without_scripts() -> None:
    asked = shipped("permit-intake")
    posted = [("outcome", "correct"), ("items.0.request", "甲"), ("items.1.request", "乙")]
    added = forms.pressed(asked, MultiDict([*posted, ("_rows", "add:items")]))
    assert added is not None
    assert len(added["items"]) == 3
    dropped = forms.pressed(asked, MultiDict([*posted, ("_rows", "drop:items.0")]))
    assert dropped is not None
    assert dropped["items"] == [{"request": "乙"}]


def test_a_submitted_form_is_not_drawn_again() -> None:
    assert forms.pressed(shipped("permit-intake"), MultiDict([("outcome", "admit")])) is None


@pytest.mark.parametrize("value", ["add:nothing", "drop:items.x", "drop:items.99", "nonsense"])
def test_a_strange_button_changes_nothing(value: str) -> None:
    again = forms.pressed(shipped("permit-intake"), MultiDict([("items.0.request", "甲"), ("_rows", value)]))
    assert again == {"items": [{"request": "甲"}]}
