"""``gcb try``: plays the model tests that lie beside models on disk, and says what failed and which flows nobody walked."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import workflows
from workflows import cases, trials
from workflows.trials import TrialReport


class NothingToTry(Exception):
    """The message names the path and says what was expected there."""


def main(paths: Iterable[str], *, as_json: bool = False) -> int:
    """Try every model named, or lying in a folder named. 0: every case passed; 1: not; 2: nothing to try at a path."""
    try:
        models = [model for path in paths for model in _models(Path(path))]
    except NothingToTry as problem:
        print(problem, file=sys.stderr)
        return 2
    reports = [(model, _report(model)) for model in dict.fromkeys(models)]
    if as_json:
        plain = [
            {"model": str(model), **(report.as_data() if isinstance(report, TrialReport) else {"refused": report})}
            for model, report in reports
        ]
        print(json.dumps(plain, ensure_ascii=False, indent=1))
    else:
        for model, report in reports:
            _say(model, report)
    return int(any(isinstance(one, str) or any(f.severity == "error" for f in one.findings) for _, one in reports))


def _models(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(path.glob("*.bpmn"))
    elif path.name.endswith(cases.SUFFIX):
        found = [path.with_name(path.name.removesuffix(cases.SUFFIX) + ".bpmn")]
    else:
        found = [path]
    found = [one for one in found if one.is_file() and one.suffix == ".bpmn"]
    if not found:
        raise NothingToTry(f"{path}：这里没有流程。请写 .bpmn 文件、旁边的 {cases.SUFFIX} 文件，或者放它们的文件夹。")
    return found


def _report(model: Path) -> TrialReport | str:
    """The report, or why the model does not run at all. What it calls and decides by is looked for in its folder."""
    around = {one.name: one.read_bytes() for one in model.parent.iterdir() if one.suffix in (".bpmn", ".dmn")}
    tests = model.with_name(model.stem + cases.SUFFIX)
    try:
        deployment = workflows.deploy(around, model.stem)
    except workflows.Refused as refused:
        return str(refused)
    return trials.run(deployment, tests.read_bytes() if tests.is_file() else None, name=tests.name)


def _say(model: Path, report: TrialReport | str) -> None:
    if isinstance(report, str):
        print(f"{model}：不能运行。\n  {report}")
        return
    passed = sum(one.passed for one in report.results)
    flows = len(report.walked_by) + len(report.unwalked)
    print(
        f"{model}：用例 {len(report.results)} 条，通过 {passed} 条；连线 {flows} 条，走过 {len(report.walked_by)} 条。"
    )
    for one in report.results:
        if one.passed:
            print(f"  通过  {one.name}")
    for finding in report.findings:
        print(f"  {'不通过' if finding.severity == 'error' else '提示'}  {finding.message}。{finding.cure}。")
