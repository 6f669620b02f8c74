"""What the law demands of every path through a model of ours: the same table that guards running cases, and who decides.

A finding names where its rule comes from. Articles are not numbered here: none has been checked against the official text.
"""

from dataclasses import replace

from server.approval import judging
from server.approval.states import AFTER, BEFORE, CLOSED, TRANSITIONS, WORDS, State
from server.processes.rules import Rules, Said, Verdicts

OWNER = "建设单位"
STATE_TABLE = "办件状态表，依国家交换标准"
PERMIT_LAW = "《行政许可法》"
BUILDING_LAW = "《建筑法》"
CONDITIONS = "permit_phase_conditions"
EXPIRED = "correction.expired"


def _name(state: State) -> str:
    return state.name.lower()


def _rows(admitted: bool) -> dict[str, frozenset[str]]:
    return {
        _name(state): frozenset(_name(s) for s in following)
        for (state, when), following in TRANSITIONS.items()
        if state is not None and when is admitted
    }


NAMES = {_name(state): word for state, word in WORDS.items()}

PAPERS = {
    _name(State.REJECTED): frozenset({"refusal-decision"}),
    _name(State.NOT_ADMITTED): frozenset({"not-admitted"}),
    _name(State.ADMISSION_REFUSED): frozenset({"admission-refused"}),
    _name(State.CORRECTION_STARTED): frozenset({"correction-notice"}),
    _name(State.PULLED): frozenset({"withdrawal-notice"}),
}
SAID = {
    _name(State.ADMITTED): (Said(judging.INTAKE, judging.ADMITTING),),
    _name(State.NOT_ADMITTED): (Said(judging.INTAKE, judging.INTAKE - judging.ADMITTING),),
    _name(State.ADMISSION_REFUSED): (Said(judging.INTAKE, frozenset({"refuse_jurisdiction"})),),
    _name(State.CORRECTION_STARTED): (Said(judging.INTAKE, frozenset({"correct"})),),
    _name(State.REJECTED): (Said(judging.DECIDING, frozenset({"refuse"})),),
}
"""As the acts themselves ask before they record (`acts.SAID`), so that no model runs into their refusal."""

_COMPLETED = _name(State.COMPLETED)
_RULES = Rules(
    initial=_name(State.RECEIVED),
    table=_rows(BEFORE),
    after_admission=_rows(AFTER),
    names=NAMES,
    terminal=frozenset(_name(s) for s in CLOSED),
    said=SAID,
    records={
        **dict.fromkeys(("issue_permit", "issue_opinion", "file_acceptance"), frozenset({_COMPLETED})),
        "issue_rectification": frozenset({_name(State.SPECIAL_STARTED)}),
    },
    person_required_before=frozenset(
        _name(s) for s in (State.COMPLETED, State.COMPLETED_TOLERANT, State.REJECTED, State.REVOKED)
    ),
    correction_in_time=True,
    correction_expires=EXPIRED,
    notice_and_remedy=frozenset(PAPERS),
    papers=PAPERS,
    owner_lanes=frozenset({OWNER}),
    sources={
        "act-order": STATE_TABLE,
        "no-final": f"{STATE_TABLE}：每一件都要办结",
        "endless": f"{STATE_TABLE}：每一件都要办结",
        "wrong-handler": f"{STATE_TABLE}：证照、意见书、备案、整改清单各有自己的状态",
        "nothing-issued": f"{STATE_TABLE}：办结与证照、意见书、备案一同记录",
        "no-person": f"{PERMIT_LAW}：许可决定由行政机关作出，不能自动作出",
        "not-decided": f"{PERMIT_LAW}：记录的就是人作出的决定",
        "same-lane": "受理与批准分开，见部门与角色的规定",
        "no-paper": f"{PERMIT_LAW}：不予许可、不予受理要书面说明理由，告知救济途径；补正和撤件要书面告知",
        "second-correction": f"{PERMIT_LAW}：需要补正的，当场或者五日内一次告知",
        "late-correction": f"{PERMIT_LAW}：当场或者五日内一次告知，逾期不告知的，自收到材料之日起即为受理",
        "correction-endless": "补正逾期按撤件处理，见审批机制的规定",
        "review-before-admission": f"{PERMIT_LAW}：先受理，后审查",
        "no-conditions": f"{BUILDING_LAW}：具备条件才发给施工许可证",
        "review-failed": "各专项都合格才通过联合验收，见联合验收的规定",
        "review-missing": "各专项都合格才通过联合验收，见联合验收的规定",
    },
)

PERMIT = replace(
    _RULES,
    said={**SAID, _COMPLETED: (Said(judging.DECIDING, frozenset({"grant"})),)},
    recorded_by={_COMPLETED: frozenset({"issue_permit"})},
    decided_first={_COMPLETED: frozenset({CONDITIONS})},
)
"""An administrative permit: admitted by one desk, reviewed, decided by another, its conditions decided before it is issued."""

ACCEPTANCE = replace(
    _RULES,
    separate_lanes=False,
    recorded_by={_COMPLETED: frozenset({"issue_opinion"})},
    verdicts={
        _COMPLETED: Verdicts(judging.SPECIAL_FORM, "pass", frozenset({"task_planning", "task_fire", "task_archive"}))
    },
    values={"planning_passed": False, "fire_passed": False, "archive_passed": False},
)
"""Joint acceptance is no permit: the leading office admits the application and sums up what the departments found. Civil defence
and the look on the spot are owed only where there is something to look at, so the start may say they are done."""

FILING = replace(
    _RULES,
    separate_lanes=False,
    person_since_admission=False,
    said={**SAID, _COMPLETED: (Said(judging.INTAKE, frozenset({"file"})),)},
    recorded_by={_COMPLETED: frozenset({"file_acceptance"})},
)
"""A record-filing (备案) is admitted and filed in one act of one person."""
