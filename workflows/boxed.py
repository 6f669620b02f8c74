"""Boxed expressions of DMN -> trees of plain data, whose leaves are FEEL texts, with the types their authors declared."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .errors import Problem
from .source import Xml, tag

POLICIES = ("UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
BOXED = frozenset(
    {
        "literalExpression",
        "decisionTable",
        "context",
        "invocation",
        "list",
        "relation",
        "functionDefinition",
        "conditional",
        "filter",
        "for",
        "some",
        "every",
    }
)

#: A type as plain data for the interpreter: {"kind": …} with "of", "fields", "result" or "allowed"; None is any value.
Type: TypeAlias = dict[str, Any] | None
MAX_DEPTH_OF_TYPES = 20

_BASIC = {
    "number": "number",
    "integer": "number",
    "long": "number",
    "double": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "dateTime": "date and time",
    "days and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
}


def first(element: Xml | None, name: str) -> Xml | None:
    """The first child of that local name."""
    return None if element is None else next((child for child in element if tag(child) == name), None)


def text_of(element: Xml | None) -> str:
    """Of an element's `text` child, trimmed."""
    found = first(element, "text")
    return ((found.text if found is not None else None) or "").strip()


class Types:
    """The types a file defines, by name. One that nobody defined is any value, as tools write all sorts of words there."""

    def __init__(self, root: Xml) -> None:
        self.defined: Mapping[str, Xml] = {
            item.get("name") or "": item for item in root if tag(item) == "itemDefinition"
        }

    def of(self, element: Xml | None) -> Type:
        """What the element's typeRef says."""
        return None if element is None else self.named(element.get("typeRef"))

    def variable(self, element: Xml) -> Type:
        """Of the value a decision, an input or a service has."""
        return self.of(first(element, "variable"))

    def named(self, name: str | None, depth: int = 0) -> Type:
        plain = (name or "").strip().removeprefix("feel:")
        if plain in self.defined and depth < MAX_DEPTH_OF_TYPES:
            return self._item(self.defined[plain], depth + 1)
        return {"kind": _BASIC[plain]} if plain in _BASIC else None

    def _item(self, item: Xml, depth: int) -> Type:
        components = [child for child in item if tag(child) == "itemComponent"]
        function = first(item, "functionItem")
        found: Type
        if components:
            fields = {child.get("name") or "": self._item(child, depth + 1) for child in components}
            found = {"kind": "context", "fields": fields} if depth < MAX_DEPTH_OF_TYPES else None
        elif function is not None:
            found = {"kind": "function", "result": self.named(function.get("outputTypeRef"), depth)}
        else:
            reference = first(item, "typeRef")
            found = self.named(reference.text if reference is not None else None, depth)
        found = _narrowed(found, text_of(first(item, "allowedValues")))
        if item.get("isCollection") == "true":
            found = {"kind": "list", "of": found}
        return _narrowed(found, text_of(first(item, "typeConstraint")))


def _narrowed(type_: Type, allowed: str) -> Type:
    return type_ if not allowed else {**(type_ or {"kind": "any"}), "allowed": allowed}


class Boxed:
    """One boxed expression of the decision `key` as a tree of plain data."""

    def __init__(self, key: str, types: Types, problems: list[Problem]) -> None:
        self.key, self.types, self.problems = key, types, problems
        self.makers: Mapping[str, Callable[[Xml], dict[str, Any]]] = {
            "literalExpression": self._literal,
            "decisionTable": self._table,
            "context": self._context,
            "invocation": self._invocation,
            "list": self._list,
            "relation": self._relation,
            "functionDefinition": self.function,
            "conditional": self._conditional,
            "filter": lambda element: self._parts("filter", element, {"in": "in", "match": "match"}),
            "for": lambda element: self._iteration("for", element, "return"),
            "some": lambda element: self._iteration("some", element, "satisfies"),
            "every": lambda element: self._iteration("every", element, "satisfies"),
        }

    def __call__(self, element: Xml | None) -> dict[str, Any]:
        if element is None:
            return self.refuse("没有内容", "请填写决策表或表达式。")
        if tag(element) not in self.makers:
            return self.refuse(f"含有不支持的内容({tag(element)})", "请改为决策表或表达式。")
        made = self.makers[tag(element)](element)
        type_ = self.types.of(element)
        return made if type_ is None or made["kind"] in ("table", "function") else {**made, "type": type_}

    def refuse(self, what: str, cure: str) -> dict[str, Any]:
        self.problems.append(Problem(self.key, f"决策“{self.key}”{what}。", cure))
        return {"kind": "literal", "text": "null"}

    def inner(self, element: Xml | None) -> dict[str, Any]:
        return self(None if element is None else next((one for one in element if tag(one) in BOXED), None))

    def function(self, element: Xml | None) -> dict[str, Any]:
        if element is None or element.get("kind", "FEEL") != "FEEL":
            return self.refuse("含有非 FEEL 的函数", "请改为 FEEL 函数。")
        parameters = [one for one in element if tag(one) == "formalParameter"]
        return {
            "kind": "function",
            "body": self.inner(element),
            "parameters": [one.get("name") for one in parameters],
            "types": [self.types.of(one) for one in parameters],
        }

    def _literal(self, element: Xml) -> dict[str, Any]:
        language = element.get("expressionLanguage") or ""
        if language and "feel" not in language.lower():
            return self.refuse(f"使用了表达式语言 {language}", "请改为 FEEL。")
        return {"kind": "literal", "text": text_of(element) or "null"}

    def _table(self, element: Xml) -> dict[str, Any]:
        policy, aggregation = element.get("hitPolicy", "UNIQUE"), element.get("aggregation")
        if policy not in POLICIES or (aggregation is not None and aggregation not in AGGREGATIONS):
            return self.refuse(f"的命中策略 {policy} {aggregation or ''} 无法识别", "请重新选择命中策略。")
        inputs = [one for one in element if tag(one) == "input"]
        outputs = [one for one in element if tag(one) == "output"]
        rules = [_rule(number, one) for number, one in enumerate((r for r in element if tag(r) == "rule"), 1)]
        self._check(policy, aggregation, inputs, outputs, rules)
        return {
            "kind": "table",
            "policy": policy,
            "aggregation": aggregation,
            "inputs": [text_of(first(one, "inputExpression")) or "null" for one in inputs],
            "types": [self.types.of(first(one, "inputExpression")) for one in inputs],
            "outputs": [
                {
                    "name": one.get("name") or one.get("label") or f"output{number}",
                    "otherwise": text_of(first(one, "defaultOutputEntry")) or None,
                    "values": text_of(first(one, "outputValues")) or None,
                    "type": self.types.of(one),
                }
                for number, one in enumerate(outputs, 1)
            ],
            "rules": rules,
        }

    def _check(
        self, policy: str, aggregation: str | None, inputs: list[Xml], outputs: list[Xml], rules: list[dict[str, Any]]
    ) -> None:
        """What would otherwise give null, or the wrong rule, without a word."""
        for number, one in enumerate(inputs, 1):
            if not text_of(first(one, "inputExpression")):
                self.refuse(f"的第 {number} 个输入列没有表达式", "请填写变量名或表达式。")
        for rule in rules:
            if len(rule["tests"]) != len(inputs) or len(rule["outputs"]) != len(outputs):
                self.refuse(f"的第 {rule['number']} 条规则的格数与表头不符", "请在决策表里重新填写这一条。")
        if aggregation and policy != "COLLECT":
            self.refuse(f"的命中策略 {policy} 不能汇总", "请改用收集(COLLECT),或去掉汇总方式。")
        elif aggregation and aggregation != "COUNT" and len(outputs) > 1:
            self.refuse("有多个输出列,不能汇总", "请拆成几个决策,每个一个输出列。")
        if policy in ("PRIORITY", "OUTPUT ORDER") and not any(text_of(first(one, "outputValues")) for one in outputs):
            self.refuse(f"的命中策略 {policy} 没有输出值的先后次序", "请在输出列里按先后填写允许的值。")

    def _list(self, element: Xml) -> dict[str, Any]:
        return {"kind": "list", "items": [self(one) for one in element if tag(one) in BOXED]}

    def _relation(self, element: Xml) -> dict[str, Any]:
        columns = [one.get("name") for one in element if tag(one) == "column"]
        rows = [[self(cell) for cell in row if tag(cell) in BOXED] for row in element if tag(row) == "row"]
        for number, row in enumerate(rows, 1):
            if len(row) != len(columns):
                self.refuse(f"的第 {number} 行的格数与表头不符", "请重新填写这一行。")
        return {"kind": "relation", "columns": columns, "rows": rows}

    def _context(self, element: Xml) -> dict[str, Any]:
        entries = []
        for entry in element:
            if tag(entry) == "contextEntry":
                variable = first(entry, "variable")
                entries.append(
                    {
                        "name": None if variable is None else " ".join((variable.get("name") or "").split()),
                        "type": self.types.of(variable),
                        "body": self.inner(entry),
                    }
                )
        return {"kind": "context", "entries": entries}

    def _invocation(self, element: Xml) -> dict[str, Any]:
        bindings = []
        for binding in element:
            parameter = first(binding, "parameter")
            if tag(binding) == "binding" and parameter is not None:
                bindings.append({"name": parameter.get("name"), "body": self.inner(binding)})
        return {"kind": "invocation", "called": self.inner(element), "bindings": bindings}

    def _conditional(self, element: Xml) -> dict[str, Any]:
        return self._parts("conditional", element, {"test": "if", "yes": "then", "no": "else"})

    def _parts(self, kind: str, element: Xml, parts: Mapping[str, str]) -> dict[str, Any]:
        return {"kind": kind, **{key: self.inner(first(element, name)) for key, name in parts.items()}}

    def _iteration(self, kind: str, element: Xml, result: str) -> dict[str, Any]:
        parts = self._parts(kind, element, {"in": "in", "body": result})
        return {**parts, "name": element.get("iteratorVariable")}


def _rule(number: int, rule: Xml) -> dict[str, Any]:
    return {
        "id": rule.get("id") or f"rule{number}",
        "number": number,
        "tests": [text_of(cell) for cell in rule if tag(cell) == "inputEntry"],
        "outputs": [text_of(cell) or "null" for cell in rule if tag(cell) == "outputEntry"],
    }
