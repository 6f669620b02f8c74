"""A `.form` file (form-js JSON) as a tree of typed fields, and what is wrong with it.

Only a published subset of form-js is read. Three custom properties, edited in the form editor's group of that name, say what
form-js has no word for: `required_when` (FEEL), `check` with `check_message` (FEEL over all answers), and for a choice
`off.VALUE` with `off.VALUE.reason` (FEEL: this answer is impossible now, and why). `filled_by` = `page` marks what the page puts
in (the number of an uploaded file): it is checked, but nobody is asked.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from re import _constants, _parser  # type: ignore[attr-defined]  # the only parser of Python's expressions there is
from typing import Any

from server.errors import Invalid
from workflows.feel import doubt
from workflows.findings import Finding

SHOWN = frozenset({"text", "separator", "spacer"})
CHOICES = frozenset({"radio", "select", "checklist"})
INPUTS = CHOICES | {"textfield", "textarea", "number", "checkbox", "datetime"}
SUBSET = SHOWN | INPUTS | {"group", "dynamiclist"}
BEHIND_THE_FORM = frozenset({"button"})
"""Types a form-js form may hold that say nothing here: the page has its own buttons."""

REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
KEY = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice. off: FEEL, true when it is impossible; off_reason says why."""

    value: str
    label: str
    off: str | None = None
    off_reason: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field, group or list of a form. Expressions are FEEL. key is None for what takes no answer.

    decimals: places a number may have (None: any). as_text: a number is handed on as decimal text, as sums and areas are.
    least_rows: rows a dynamic list starts with.
    """

    id: str
    type: str
    key: str | None
    label: str
    hint: str = ""
    text: str = ""
    unit: str = ""
    required: bool = False
    required_when: str | None = None
    hide: str | None = None
    default: Any = None
    options: tuple[Option, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int | None = None
    as_text: bool = False
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    pattern_message: str = ""
    check: str | None = None
    check_message: str = ""
    least_rows: int = 1
    may_add: bool = True
    by_page: bool = False
    children: tuple["Field", ...] = ()

    @property
    def expressions(self) -> Iterator[str]:
        """Every FEEL expression of the field itself."""
        yield from filter(None, (self.hide, self.required_when, self.check))
        yield from (one.off for one in self.options if one.off)


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its id and its fields in the order they are drawn."""

    id: str
    fields: tuple[Field, ...]

    def walk(self) -> Iterator[Field]:
        """Every field, those inside groups and lists too."""
        return _walk(self.fields)

    def answers(self) -> Iterator[Field]:
        """The fields whose answers stand side by side: groups are open, lists are one answer."""
        return _scope(self.fields)


def _walk(fields: tuple[Field, ...]) -> Iterator[Field]:
    for one in fields:
        yield one
        yield from _walk(one.children)


def load(data: bytes) -> Form:
    """The form in a file. Raises Invalid when it is no form; `lint_form` says what else is wrong with it."""
    try:
        plain: Any = json.loads(data)
        return Form(
            str(plain["id"]), tuple(_field(one) for one in plain["components"] if one["type"] not in BEHIND_THE_FORM)
        )
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation, RecursionError) as error:
        raise Invalid("这个文件不是表单，或者已经损坏。请用表单编辑器重新导出。", code="FORM_UNREADABLE") from error


def _field(plain: Mapping[str, Any]) -> Field:
    kind = str(plain["type"])
    rules, own = dict(plain.get("validate") or {}), dict(plain.get("properties") or {})
    look = dict(plain.get("appearance") or {})
    key = plain.get("path") if kind == "dynamiclist" else plain.get("key")
    return Field(
        id=str(plain.get("id") or key or kind),
        type=kind,
        key=str(key) if key else None,
        label=str(plain.get("label") or ("" if kind != "datetime" else plain.get("dateLabel") or "")).strip(),
        hint=str(plain.get("description") or "").strip(),
        text=str(plain.get("text") or "").strip(),
        unit=str(look.get("suffixAdorner") or "").strip(),
        required=rules.get("required") is True,
        required_when=_feel(own.get("required_when")),
        hide=_feel((plain.get("conditional") or {}).get("hide")),
        default=plain.get("defaultValue"),
        options=tuple(_option(one, own) for one in plain.get("values") or ()),
        minimum=_decimal(rules.get("min")),
        maximum=_decimal(rules.get("max")),
        decimals=_integer(plain.get("decimalDigits")),
        as_text=plain.get("serializeToString") is True,
        min_length=_integer(rules.get("minLength")),
        max_length=_integer(rules.get("maxLength")),
        pattern=str(rules["pattern"]) if rules.get("pattern") else None,
        pattern_message=str(own.get("pattern_message") or ""),
        check=_feel(own.get("check")),
        check_message=str(own.get("check_message") or ""),
        least_rows=_integer(plain.get("defaultRepetitions")) or 1,
        may_add=plain.get("allowAddRemove") is not False,
        by_page=own.get("filled_by") == "page",
        children=tuple(_field(one) for one in plain.get("components") or ()),
    )


def _option(plain: Mapping[str, Any], own: Mapping[str, Any]) -> Option:
    value = str(plain["value"])
    return Option(
        value, str(plain.get("label") or ""), _feel(own.get(f"off.{value}")), str(own.get(f"off.{value}.reason") or "")
    )


def _feel(text: Any) -> str | None:
    return str(text).strip() or None if text is not None else None


def _decimal(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


def _integer(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


# -- lint


def lint_form(form: Form) -> list[Finding]:
    """What a designer must mend before the form can be drawn and checked; errors first."""
    found = [one for field in form.walk() for one in _faults(field)]
    found += _doubles(form.fields)
    return sorted(found, key=lambda one: one.severity != "error")


def _finding(code: str, field: Field, message: str, cure: str) -> Finding:
    name = field.label or field.key or field.id
    return Finding("error", code, field.id, name, f"字段“{name}”{message}", cure)


def _faults(field: Field) -> Iterator[Finding]:
    if field.type not in SUBSET:
        yield _finding(
            "field-type",
            field,
            f"的类型“{field.type}”不能用",
            "换成文本、数字、日期、单选、多选、下拉、分组或可加行的列表",
        )
        return
    takes_answer = field.type in INPUTS or field.type == "dynamiclist"
    if takes_answer and not (field.key and KEY.fullmatch(field.key)):
        yield _finding(
            "field-key", field, "没有可用的编号", "在编辑器的 Key 里填小写英文、数字和下划线，例如 contract_price"
        )
    if (takes_answer or field.type == "group") and not field.label:
        yield _finding("field-label", field, "没有标题，填的人不知道填什么", "写上中文标题")
    if field.type in CHOICES and not field.options:
        yield _finding("field-options", field, "没有可选的答案", "至少写两个答案")
    if any(not one.label for one in field.options):
        yield _finding("field-options", field, "有一个答案没有文字", "给每个答案写上中文")
    if field.check and not field.check_message:
        yield _finding(
            "field-check", field, "有核对条件，却没有不符时的说法", "在自定义属性 check_message 里写清怎么改"
        )
    if field.pattern is not None and _bad_pattern(field.pattern):
        yield _finding("field-pattern", field, "的格式表达式写错了，或者重复里又有重复，会把系统拖住", "改得简单一些，例如 M[0-9]{2}，或者去掉")
    for expression in field.expressions:
        fault = doubt(expression, {})
        if fault:
            yield _finding("field-feel", field, f"的条件写错了：{fault}", '改正条件，例如 =outcome = "correct"')


def _bad_pattern(pattern: str) -> bool:
    """Whether a pattern is no expression, or one that a short answer can keep the server busy with for minutes: a repeat
    within a repeat, or a choice within one."""
    try:
        return _explodes(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return True


def _explodes(parts: Iterable[tuple[Any, Any]], repeated: bool = False) -> bool:
    for kind, inner in parts:
        repeats = kind in REPEATS and inner[1] > 1
        if repeated and (repeats or kind is _constants.BRANCH):
            return True
        if any(_explodes(one, repeated or repeats) for one in _within(kind, inner)):
            return True
    return False


def _within(kind: Any, inner: Any) -> Iterator[Iterable[tuple[Any, Any]]]:
    """The parts inside a part of a parsed expression."""
    if kind in REPEATS:
        yield inner[2]
    elif kind is _constants.BRANCH:
        yield from inner[1]
    elif kind is _constants.SUBPATTERN:
        yield inner[3]
    elif kind in (_constants.ASSERT, _constants.ASSERT_NOT):
        yield inner[1]


def _doubles(fields: tuple[Field, ...]) -> Iterator[Finding]:
    here = list(_scope(fields))
    counted = Counter(one.key for one in here)
    for field in here:
        if counted[field.key] > 1:
            yield _finding("field-double", field, f"的编号“{field.key}”用了两次", "两个字段的编号要不同，答案才分得开")
        if field.type == "dynamiclist":
            yield from _doubles(field.children)


def _scope(fields: tuple[Field, ...]) -> Iterator[Field]:
    """The fields whose answers stand side by side: groups are open, lists are not."""
    for field in fields:
        if field.type == "group":
            yield from _scope(field.children)
        elif field.key:
            yield field
