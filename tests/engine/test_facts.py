"""facts.yaml holds: every fault measured in the library is cured or refused, and the tests it names exist."""

import ast
from pathlib import Path

import yaml

HERE = Path(__file__).parent
FACTS = [fact for group in yaml.safe_load((HERE / "facts.yaml").read_text(encoding="utf-8")).values() for fact in group]


def test_every_fact_ends_as_a_cure_or_a_refusal_with_tests_that_exist() -> None:
    known = {
        node.name
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert len(FACTS) > 50
    for fact in FACTS:
        assert fact["end"] in ("cured", "refused", "both") and fact["tests"], fact
        assert set(fact["tests"]) <= known, (fact["fact"], set(fact["tests"]) - known)
