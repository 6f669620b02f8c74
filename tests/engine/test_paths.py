"""Each rule about paths with a model that breaks it, and the token game on the constructs that could hide a path."""

import time
from dataclasses import replace

from sketches import Sketch

from workflows.findings import Finding, HandlerInfo, Known
from workflows.paths import Rules, check

TABLE = {
    "received": frozenset({"admitted", "not_admitted", "correction_started", "pulled"}),
    "correction_started": frozenset({"correction_ended", "pulled"}),
    "correction_ended": frozenset({"admitted", "not_admitted"}),
}
AFTER = {
    "admitted": frozenset({"in_review"}),
    "in_review": frozenset({"completed", "rejected", "special_started"}),
    "special_started": frozenset({"special_ended"}),
    "special_ended": frozenset({"in_review"}),
    "correction_ended": frozenset({"in_review"}),
}
RULES = Rules(
    initial="received",
    table=TABLE,
    after_admission=AFTER,
    names={
        "received": "接件",
        "admitted": "受理",
        "completed": "办结通过",
        "rejected": "办结不通过",
        "in_review": "部门开始办理",
    },
    terminal=frozenset({"completed", "rejected", "not_admitted", "pulled"}),
    person_required_before=frozenset({"completed", "rejected"}),
    notice_and_remedy=frozenset({"rejected", "not_admitted"}),
    owner_lanes=frozenset({"建设单位"}),
    sources={"act-order": "办件状态表"},
)


def permit(
    *,
    condition: str = '=answer = "correct" and not(corrected)',
    decider: str = "审批科",
    refusal_paper: str = "refusal",
) -> Sketch:
    """A lawful permit in small: intake, one correction round, two reviews, a decision."""
    return (
        Sketch()
        .start(name="收件", out={"corrected": "=false"})
        .job("receive", "记录收件", transition="received")
        .person("intake", "收件审查", lane="综合窗口", out={"answer": "=outcome"})
        .gate("complete", "齐全？", default="refuse")
        .job("ask", "告知补正", transition="correction_started")
        .person("correct", "补正材料", lane="建设单位")
        .boundary("expired", "correct", "correction.expired")
        .job("pull", "撤件", transition="pulled")
        .end("pulled")
        .job("corrected", "记录补正", transition="correction_ended", out={"corrected": "=true"})
        .job("refuse", "不受理", transition="not_admitted", paper="notice")
        .end("refused")
        .job("admit", "受理", transition="admitted")
        .job("review", "转审查", transition="in_review")
        .split("fork")
        .person("quality", "质量审查", lane="质量安全科", out={"q": "=outcome"})
        .person("fire", "消防审查", lane="消防人防科", out={"f": "=outcome"})
        .split("join")
        .person("decide", "审批决定", lane=decider, out={"decision": "=outcome"})
        .gate("granted", "准予？", default="reject")
        .job("issue", "制证", transition="completed")
        .job("reject", "不予许可", transition="rejected", paper=refusal_paper)
        .end("end")
        .path("start", "receive", "intake", "complete")
        .flow("complete", "ask", condition, "缺件")
        .flow("complete", "admit", '=answer = "admit"', "齐全")
        .flow("complete", "refuse", name="不收")
        .path("ask", "correct", "corrected", "intake")
        .path("expired", "pull", "pulled")
        .path("refuse", "refused")
        .path("admit", "review", "fork", "quality", "join", "decide", "granted")
        .path("fork", "fire", "join")
        .flow("granted", "issue", '=decision = "grant"', "准予")
        .flow("granted", "reject", name="不予")
        .path("issue", "end")
        .path("reject", "end")
    )


def found(sketch: Sketch, rules: Rules = RULES, known: Known | None = None) -> list[Finding]:
    return check({"sketch.bpmn": sketch.xml()}, "sketch", rules, known)


def one(sketch: Sketch, rules: Rules = RULES, known: Known | None = None) -> Finding:
    findings = found(sketch, rules, known)
    assert len(findings) == 1, findings
    return findings[0]


def without_flow(sketch: Sketch, source: str, target: str) -> Sketch:
    sketch.flows = [f for f in sketch.flows if (f[1], f[2]) != (source, target)]
    return sketch


def test_a_lawful_permit_has_no_finding() -> None:
    assert found(permit()) == []


def test_an_approval_reachable_without_admission_is_found_with_its_path_and_source() -> None:
    sketch = without_flow(permit(), "complete", "admit").flow("complete", "decide", '=answer = "admit"', "齐全")
    findings = {f.element: f for f in found(sketch)}
    assert findings["issue"].code == "act-order"
    assert findings["decide"].code == "review-before-admission"
    assert findings["decide"].message.startswith("受理之前，“综合窗口”收件以后又由“审批科”办任务“审批决定”")


def test_the_path_of_a_finding_names_every_step_in_order() -> None:
    sketch = without_flow(permit(), "complete", "admit").flow("complete", "issue", '=answer = "admit"', "齐全")
    finding = next(f for f in found(sketch) if f.element == "issue")
    assert finding.code == "act-order"
    assert finding.message == (
        "自动任务“制证”要记录“办结通过”，这时办件还在“接件”，还没有受理：不能这样接（办件状态表）。走法：收件 → 记录收件 → 收件审查 → 制证"
    )
    nodes = [step for step in finding.path if "_" not in step]
    assert nodes == ["start", "receive", "intake", "complete", "issue"]
    assert "complete_issue" in finding.path


def test_a_second_correction_round_is_found_when_nothing_forbids_it() -> None:
    finding = one(permit(condition='=answer = "correct"'))
    assert (finding.code, finding.element) == ("second-correction", "ask")
    assert finding.path.count("ask") == 2


def test_a_flag_that_is_set_back_does_not_limit_the_rounds() -> None:
    sketch = permit()
    sketch.nodes = [
        (i, s, x.replace('source="=true" target="corrected"', 'source="=false" target="corrected"'), k)
        for i, s, x, k in sketch.nodes
    ]
    assert one(sketch).code == "second-correction"


def test_a_flag_that_a_form_may_overwrite_does_not_limit_the_rounds() -> None:
    sketch = permit()
    sketch.nodes = [
        (i, s, x.replace('<zeebe:output source="=outcome" target="answer"/>', ""), k) for i, s, x, k in sketch.nodes
    ]
    handlers = {"record": HandlerInfo(returns=frozenset())}
    harmless = Known(forms={"form": frozenset({"answer"})}, handlers=handlers)
    harmful = Known(forms={"form": frozenset({"answer", "corrected"})}, handlers=handlers)
    assert found(sketch, known=harmless) == []
    assert {f.code for f in found(sketch, known=harmful)} == {"second-correction"}


def test_a_refusal_without_paper_is_found() -> None:
    finding = one(permit(refusal_paper=""))
    assert (finding.code, finding.element) == ("no-paper", "reject")


def test_a_decision_without_a_person_after_admission_is_found() -> None:
    sketch = without_flow(permit(), "review", "fork").flow("review", "issue")
    findings = {f.code: f.element for f in found(sketch)}
    assert findings == {"no-person": "issue"}


def test_a_filing_may_be_admitted_and_filed_by_one_person_at_once() -> None:
    sketch = without_flow(permit(), "review", "fork").flow("review", "issue")
    assert found(sketch, replace(RULES, person_since_admission=False, separate_lanes=False)) == []


def test_who_admits_must_not_decide() -> None:
    finding = one(permit(decider="综合窗口"))
    assert (finding.code, finding.element) == ("same-lane", "decide")
    assert "综合窗口" in finding.message
    assert found(permit(decider="综合窗口"), replace(RULES, separate_lanes=False)) == []


def test_a_department_that_reviews_before_admission_is_found() -> None:
    sketch = (
        without_flow(permit(), "intake", "complete")
        .person("early", "提前审查", lane="质量安全科")
        .path("intake", "early", "complete")
    )
    finding = one(sketch)
    assert (finding.code, finding.element) == ("review-before-admission", "early")


def test_an_end_without_final_state_is_found() -> None:
    sketch = without_flow(permit(), "reject", "end")
    sketch = without_flow(sketch, "granted", "reject").end("nowhere").flow("granted", "nowhere", name="不予")
    sketch.nodes = [(i, s, x.replace("granted_reject", "granted_nowhere"), k) for i, s, x, k in sketch.nodes]
    finding = one(sketch)
    assert (finding.code, finding.element) == ("no-final", "nowhere")


def test_acts_after_the_end_of_a_case_are_found() -> None:
    sketch = (
        without_flow(permit(), "issue", "end")
        .job("again", "又记一次", transition="in_review")
        .path("issue", "again", "end")
    )
    assert (one(sketch).code, one(sketch).element) == ("act-order", "again")


def test_acts_in_parallel_branches_are_tried_in_every_order() -> None:
    sketch = (
        without_flow(without_flow(permit(), "quality", "join"), "fire", "join")
        .job("stop", "停表", transition="special_started")
        .job("go", "恢复", transition="special_ended")
        .job("back", "继续", transition="in_review")
        .path("quality", "stop", "go", "back", "join")
        .job("early", "提前办结", transition="completed")
        .path("fire", "early", "join")
    )
    codes = {(f.code, f.element) for f in found(sketch)}
    assert ("act-order", "early") in codes  # after the clock was stopped
    assert ("act-order", "stop") in codes  # after it was completed


def test_a_join_that_waits_for_a_branch_never_taken_is_found() -> None:
    sketch = (
        Sketch()
        .start()
        .gate("g", default="y")
        .person("x")
        .person("y")
        .split("join")
        .end()
        .path("start", "g")
        .flow("g", "x", "=a")
        .flow("g", "y")
        .path("x", "join", "end")
        .path("y", "join")
    )
    finding = one(sketch, Rules())
    assert (finding.code, finding.element) == ("stuck", "join")
    assert "会一直等任务“办理”那一路" in finding.message


def test_branches_that_meet_without_join_are_a_warning() -> None:
    sketch = (
        Sketch()
        .start()
        .split("fork")
        .person("x")
        .person("y")
        .gate("merge")
        .person("z")
        .end()
        .path("start", "fork", "x", "merge", "z", "end")
        .path("fork", "y", "merge")
    )
    finding = one(sketch, Rules())
    assert (finding.code, finding.element, finding.severity) == ("twice", "z", "warning")


def test_a_loop_that_piles_up_tokens_is_never_a_pass() -> None:
    sketch = (
        Sketch()
        .start()
        .gate("merge")
        .split("fork")
        .person("x")
        .person("y")
        .end()
        .path("start", "merge", "fork", "x", "merge")
        .path("fork", "y", "end")
    )
    assert "piled-up" in {f.code for f in found(sketch, Rules())}


def test_too_many_ways_are_a_finding_within_some_seconds() -> None:
    """The bound is on our own CPU time: the wall's also measures who else uses the machine."""
    sketch = Sketch().start().split("fork").split("join").end().path("start", "fork").path("join", "end")
    for n in range(10):
        sketch.person(f"a{n}").person(f"b{n}").person(f"c{n}").path("fork", f"a{n}", f"b{n}", f"c{n}", "join")
    began = time.process_time()
    finding = one(sketch, Rules())
    assert (finding.code, finding.severity) == ("not-explored", "error")
    assert time.process_time() - began < 20


def test_an_inclusive_join_waits_only_for_branches_taken() -> None:
    sketch = (
        Sketch()
        .start(out={"a": "=true", "b": "=false"})
        .gate("fork", "哪些？", kind="inclusive", default="z")
        .person("x")
        .person("y")
        .person("z")
        .gate("join", "", kind="inclusive")
        .end()
        .path("start", "fork")
        .flow("fork", "x", "=a")
        .flow("fork", "y", "=b")
        .flow("fork", "z")
        .path("x", "join", "end")
        .path("y", "join")
        .path("z", "join")
    )
    assert found(sketch, Rules()) == []


def test_only_what_failed_is_reviewed_again_in_a_loop_of_inclusive_branches() -> None:
    sketch = (
        Sketch()
        .start(out={"p": "=false", "q": "=false"})
        .job("receive", transition="received")
        .person("intake", lane="窗口")
        .job("admit", transition="admitted")
        .job("review", transition="in_review")
        .gate("fork", "哪些没过？", kind="inclusive", default="sum")
        .person("x", lane="甲", out={"p": '=outcome = "pass"'})
        .person("y", lane="乙", out={"q": '=outcome = "pass"'})
        .gate("join", "", kind="inclusive")
        .person("sum", "汇总", lane="丙")
        .gate("all", "全过？", default="fix")
        .job("issue", transition="completed")
        .end()
        .job("fix", transition="special_started")
        .person("mend", lane="建设单位")
        .job("mended", transition="special_ended")
        .job("again", transition="in_review")
        .path("start", "receive", "intake", "admit", "review", "fork")
        .flow("fork", "x", "=not(p)")
        .flow("fork", "y", "=not(q)")
        .flow("fork", "sum")
        .path("x", "join", "sum", "all")
        .path("y", "join")
        .flow("all", "issue", "=p and q")
        .flow("all", "fix")
        .path("issue", "end")
        .path("fix", "mend", "mended", "again", "fork")
    )
    assert found(sketch) == []


def test_an_error_boundary_leads_on_without_the_act() -> None:
    body = "<bpmn:errorEventDefinition/>"
    sketch = permit().boundary("failed", "issue", body=body).end("lost", name="没办成").path("failed", "lost")
    finding = one(sketch)
    assert (finding.code, finding.element) == ("no-final", "lost")


def test_an_error_nobody_catches_is_found() -> None:
    sketch = Sketch().start().end("end", body="<bpmn:errorEventDefinition/>").path("start", "end")
    assert (one(sketch, Rules()).code, one(sketch, Rules()).element) == ("uncaught", "end")


def test_an_error_end_inside_a_subprocess_is_caught_on_its_border() -> None:
    sketch = (
        Sketch()
        .start()
        .add("subProcess", "sub", "里面")
        .start("in", inside="sub")
        .person("t", inside="sub")
        .end("fail", inside="sub", body="<bpmn:errorEventDefinition/>")
        .path("in", "t", "fail", inside="sub")
        .boundary("caught", "sub", body="<bpmn:errorEventDefinition/>")
        .end("end")
        .end("after")
        .path("start", "sub", "end")
        .path("caught", "after")
    )
    assert found(sketch, Rules()) == []


def test_a_subprocess_goes_on_when_all_inside_is_done() -> None:
    sketch = permit()
    sketch = without_flow(sketch, "join", "decide").add("subProcess", "sub", "会商").path("join", "sub", "decide")
    sketch.start("in", inside="sub").person("talk", lane="审批科", inside="sub").end("out", inside="sub").path(
        "in", "talk", "out", inside="sub"
    )
    assert found(sketch) == []


def test_an_interrupting_event_subprocess_is_one_more_way_to_go() -> None:
    sketch = permit().add("subProcess", "sub", "撤回", triggeredByEvent="true")
    sketch.start("in", message="case.withdrawn", inside="sub").end("out", name="撤了", inside="sub").path(
        "in", "out", inside="sub"
    )
    finding = one(sketch)
    assert (finding.code, finding.element) == ("no-final", "out")


def test_a_non_interrupting_event_may_come_while_the_task_goes_on() -> None:
    sketch = (
        permit()
        .boundary("reminded", "decide", "deadline.near", cancelActivity="false")
        .person("remind", "催办", lane="审批科")
    )
    sketch.end("told").path("reminded", "remind", "told")
    assert found(sketch) == []


def test_a_terminating_end_takes_the_other_branches_with_it() -> None:
    sketch = (
        Sketch()
        .start()
        .split("fork")
        .person("x")
        .person("y")
        .end("all", body="<bpmn:terminateEventDefinition/>")
        .split("join")
        .end("never")
        .path("start", "fork", "x", "all")
        .path("fork", "y", "join", "never")
        .path("never")
    )
    assert found(sketch, Rules()) == []


def test_an_event_gateway_takes_each_of_its_events() -> None:
    sketch = (
        permit()
        .gate("race", "等什么？", kind="eventBased")
        .catch("one", "registration.completed")
        .catch("two", "registration.refused")
        .end("good")
        .end("bad")
    )
    sketch = without_flow(sketch, "issue", "end").path("issue", "race", "one", "good").path("race", "two", "bad")
    assert found(sketch) == []
    sketch = without_flow(sketch, "two", "bad").job("odd", transition="admitted").path("two", "odd", "bad")
    assert one(sketch).element == "odd"


def test_acts_repeated_by_a_multi_instance_are_not_passed() -> None:
    loop = "<bpmn:multiInstanceLoopCharacteristics/>"
    sketch = (
        without_flow(permit(), "issue", "end")
        .job("many", "逐个办结", transition="revoked", body=loop)
        .path("issue", "many", "end")
    )
    assert ("not-explored", "many") in {(f.code, f.element) for f in found(sketch)}


def test_an_unreadable_or_absent_process_is_never_a_pass() -> None:
    assert check({"a.bpmn": b"<x/>"}, "sketch", RULES)[0].code == "not-explored"
    assert check({"a.bpmn": permit().xml()}, "another", RULES)[0].code == "not-explored"


def test_a_model_full_of_faults_is_still_explored() -> None:
    sketch = permit().flow("intake", "nowhere").boundary("lost", "absent", "x").path("lost", "end")
    assert isinstance(found(sketch), list)
