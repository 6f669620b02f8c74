"""Forms: what is asked, what of it is visible now, and whether the answers will do. One file, one truth.

Answers are plain data: text, whole numbers, booleans, lists. Sums and areas travel as decimal text, days as ISO text, so that
they can be stored as they are; no float ever comes out.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError
from marshmallow import fields as kinds

import workflows
from server.errors import Invalid
from server.processes.form_fields import Field, Form, Option, lint_form, load

__all__ = [
    "Field",
    "Form",
    "Option",
    "errors_of",
    "hidden",
    "lint_form",
    "load",
    "off_reason",
    "required",
    "schema",
    "scope_of",
    "validate",
]

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
GROUPED = re.compile(r"-?[0-9]{1,3}([,，][0-9]{3})+(\.[0-9]+)?", re.ASCII)
"""A number as pages and papers print it: 53,820.86."""
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Characters nobody sees that turn, split or end a text: a copied number would no longer be what it looks like."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
LONGEST = 5000
"""Characters of a text whose form sets no limit."""


# -- conditions


def hidden(field: Field, scope: Mapping[str, Any]) -> bool:
    """Whether the field's condition hides it. scope: `scope_of` the answers given so far."""
    return field.hide is not None and _true(field.hide, scope)


def off_reason(option: Option, scope: Mapping[str, Any]) -> str | None:
    """Why this answer is impossible now; None when it is possible."""
    if option.off is None or not _true(option.off, scope):
        return None
    return option.off_reason or "现在不能选这一项"


def required(field: Field, scope: Mapping[str, Any]) -> bool:
    """Whether the field must be filled in, given the answers so far."""
    return field.required or (field.required_when is not None and _true(field.required_when, scope))


def scope_of(fields: tuple[Field, ...], answers: Mapping[str, Any], around: Mapping[str, Any]) -> dict[str, Any]:
    """What conditions may speak of: the variables around, and every field by its key, null while it is empty."""
    found = dict(around)
    for field in fields:
        if field.type == "group":
            found |= scope_of(field.children, answers, {})
        elif field.key:
            found[field.key] = _as_feel(field, answers.get(field.key, field.default))
    return found


def _as_feel(field: Field, value: Any) -> Any:
    if _empty(value):
        return None
    if field.type == "number" and not isinstance(value, bool) and NUMBER.fullmatch(text := _plain(value)):
        return Decimal(text)
    if field.type == "datetime":
        return _day(value) or value
    if field.type == "checkbox":
        return value is True
    return value


def _true(expression: str, scope: Mapping[str, Any]) -> bool:
    try:
        return workflows.evaluate(expression, scope) is True
    except workflows.FeelError as error:
        raise Invalid(
            f"表单的条件“{expression}”算不出来，请告诉流程设计人员。{error}", code="FORM_CONDITION"
        ) from error


# -- one schema a form and a set of answers


def schema(form: Form, variables: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> type[Schema]:
    """The schema for these answers: hidden fields are not in it, the rest as the file says.

    variables: what the process or the application knows; answers: those given, which decide what is visible.
    """
    return _schema(form.fields, scope_of(form.fields, answers or {}, variables))


def validate(form: Form, answers: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The answers, cleaned; what the form does not ask, or does not ask now, is left out.

    Raises Invalid whose `fields` names each wrong field (`items.0.request` in a list) with what is wrong and how to mend it.
    """
    given = _with_defaults(form.fields, answers)
    try:
        cleaned: dict[str, Any] = schema(form, variables, given)(unknown=EXCLUDE).load(given)
    except ValidationError as error:
        wrong = _flat(error.normalized_messages())
        raise Invalid(f"还有 {len(wrong)} 处要改。", fields=wrong, code="FORM") from error
    scope = scope_of(form.fields, cleaned, variables)
    wrong = {
        key: [field.check_message]
        for key, field in _shown(form.fields, scope)
        if field.check and key in cleaned and not _true(field.check, scope)
    }
    if wrong:
        raise Invalid(f"还有 {len(wrong)} 处要改。", fields=wrong, code="FORM")
    return cleaned


def errors_of(form: Form, answers: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """What `validate` would object to, by field; empty when nothing."""
    try:
        validate(form, answers, variables)
    except Invalid as error:
        return error.fields
    return {}


def _with_defaults(fields: tuple[Field, ...], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers without empty ones. An answer that was not sent at all is the field's default."""
    found = {key: value for key, value in answers.items() if not _empty(value)}
    for field in fields:
        if field.type == "group":
            found = _with_defaults(field.children, {**answers, **found})
        elif field.key and field.key not in answers and not _empty(field.default):
            found[field.key] = field.default
    return {key: value for key, value in found.items() if not _empty(value)}


def _shown(fields: tuple[Field, ...], scope: Mapping[str, Any]) -> list[tuple[str, Field]]:
    found: list[tuple[str, Field]] = []
    for field in fields:
        if hidden(field, scope):
            continue
        if field.type == "group":
            found += _shown(field.children, scope)
        elif field.key:
            found.append((field.key, field))
    return found


def _schema(fields: tuple[Field, ...], scope: Mapping[str, Any]) -> type[Schema]:
    return Schema.from_dict({key: _answer(field, scope) for key, field in _shown(fields, scope)}, name="Answers")


def _answer(field: Field, scope: Mapping[str, Any]) -> kinds.Field[Any]:
    needed = required(field, scope)
    if field.type == "checkbox" and not needed:
        return _Checkbox(field, scope, load_default=False)
    made: dict[str, Callable[..., _Answer]] = {
        "checkbox": _Checkbox,
        "number": _Number,
        "datetime": _Day,
        "checklist": _Checklist,
        "dynamiclist": _Rows,
    }
    kind = _Choice if field.type in ("radio", "select") else made.get(field.type, _Text)
    return kind(field, scope, required=needed, error_messages={"required": _missing(field)})


def _missing(field: Field) -> str:
    if field.type == "checkbox":
        return f"请勾选“{field.label}”"
    verb = "请选" if field.type in ("radio", "select", "checklist") else "请填"
    return f"{verb}{field.label}"


def _plain(value: Any) -> str:
    """A number without the commas between its thousands."""
    text = str(value).strip()
    return re.sub("[,，]", "", text) if GROUPED.fullmatch(text) else text


class _Answer(kinds.Field[Any], ABC):
    def __init__(self, field: Field, scope: Mapping[str, Any], **more: Any) -> None:
        super().__init__(**more)
        self.field, self.scope = field, scope

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        return self.read(value)

    @abstractmethod
    def read(self, value: Any) -> Any:
        """The answer as it is kept. Raises ValidationError with a sentence."""


class _Text(_Answer):
    def read(self, value: Any) -> Any:
        field = self.field
        if not isinstance(value, str):
            raise ValidationError(f"{field.label}要填文字")
        text = UNSEEN.sub("", value.replace("\r\n", "\n")).strip()
        if self.required and not text:
            raise ValidationError(_missing(field))
        most = field.max_length or LONGEST
        if len(text) > most:
            raise ValidationError(f"{field.label}最多 {most} 个字，现在 {len(text)} 个，请删去一些")
        if field.min_length and len(text) < field.min_length:
            raise ValidationError(f"{field.label}至少 {field.min_length} 个字，现在 {len(text)} 个，请写详细些")
        if field.pattern and not re.fullmatch(field.pattern, text):
            raise ValidationError(field.pattern_message or f"{field.label}的格式不对，请照说明再核对一遍")
        return text


class _Number(_Answer):
    def read(self, value: Any) -> Any:
        field = self.field
        number = self._number(value)
        places = -int(number.as_tuple().exponent)
        if field.decimals is not None and places > field.decimals:
            allowed = f"最多 {field.decimals} 位小数" if field.decimals else "要填整数"
            raise ValidationError(f"{field.label}{allowed}，您填的是 {value}")
        if field.minimum is not None and number < field.minimum:
            raise ValidationError(f"{field.label}不能小于 {field.minimum}{field.unit}，您填的是 {value}")
        if field.maximum is not None and number > field.maximum:
            raise ValidationError(f"{field.label}不能大于 {field.maximum}{field.unit}，您填的是 {value}")
        if field.as_text:
            return format(number, "f")
        return int(number) if places <= 0 else number

    def _number(self, value: Any) -> Decimal:
        text = repr(value) if isinstance(value, float) else _plain(value)
        if isinstance(value, bool) or not NUMBER.fullmatch(text) or len(text) > 20:
            unit = f"，单位是{self.field.unit}" if self.field.unit else ""
            example = "5" if self.field.decimals == 0 else "5.8"
            raise ValidationError(f"{self.field.label}请只填数字{unit}，例如 {example}")
        try:
            return Decimal(text)
        except InvalidOperation as error:  # pragma: no cover - the pattern above leaves nothing of the kind
            raise ValidationError(f"{self.field.label}请只填数字") from error


class _Day(_Answer):
    def read(self, value: Any) -> Any:
        day = _day(value)
        if day is None:
            raise ValidationError(f"{self.field.label}不是一个日期，请照 2026-09-14 的样子填")
        return day.isoformat()


class _Checkbox(_Answer):
    def read(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise ValidationError(f"{self.field.label}只能勾选或者不勾选")
        if self.required and not value:
            raise ValidationError(_missing(self.field))
        return value


class _Choice(_Answer):
    def read(self, value: Any) -> Any:
        return _chosen(self.field, value, self.scope)


class _Checklist(_Answer):
    def read(self, value: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError(f"{self.field.label}请从所列的里面选")
        return [_chosen(self.field, one, self.scope) for one in dict.fromkeys(map(str, value))]


def _chosen(field: Field, value: Any, scope: Mapping[str, Any]) -> str:
    found = next((one for one in field.options if one.value == value), None)
    if found is None:
        words = "、".join(f"“{one.label}”" for one in field.options[:6])
        raise ValidationError(f"{field.label}里没有这一项，请从{words}里选")
    reason = off_reason(found, scope)
    if reason:
        raise ValidationError(f"不能选“{found.label}”：{reason}")
    return found.value


class _Rows(_Answer):
    """The rows of a dynamic list, each with what its own answers make visible. Rows left empty do not count."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
            raise ValidationError(f"{self.field.label}要一行一行地填")
        rows, wrong = [], {}
        for place, row in enumerate(value):
            filled = {key: one for key, one in row.items() if not _empty(one)}
            if not filled:
                continue
            children = self.field.children
            given = _with_defaults(children, row)
            try:
                answers = _schema(children, scope_of(children, given, self.scope))(unknown=EXCLUDE).load(given)
            except ValidationError as error:
                wrong[place] = error.normalized_messages()
            else:
                rows.append(answers)
        if wrong:
            raise ValidationError(wrong)
        if self.required and not rows:
            raise ValidationError(f"请至少填一行{self.field.label}")
        return rows


def _empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not DAY.fullmatch(value.strip()):
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        return None


def _flat(messages: Any, before: str = "") -> dict[str, list[str]]:
    """Nested messages by dotted key: `items.0.request`."""
    found: dict[str, list[str]] = {}
    for key, one in messages.items():
        name = f"{before}.{key}" if before else str(key)
        if isinstance(one, Mapping):
            found |= _flat(one, name)
        else:
            found[name.removesuffix("._schema")] = [str(words) for words in one]
    return found
