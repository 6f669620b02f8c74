"""What the law demands of every path through a model of ours: the same table that guards running cases, and who decides.

A finding names where its rule comes from. Articles are not numbered here: none has been checked against the official text.
"""

from dataclasses import replace

from server.approval.states import AFTER, BEFORE, CLOSED, TRANSITIONS, WORDS, State
from server.processes.rules import Rules

OWNER = "建设单位"
STATE_TABLE = "办件状态表，依国家交换标准"
PERMIT_LAW = "《行政许可法》"


def _name(state: State) -> str:
    return state.name.lower()


def _rows(admitted: bool) -> dict[str, frozenset[str]]:
    return {
        _name(state): frozenset(_name(s) for s in following)
        for (state, when), following in TRANSITIONS.items()
        if state is not None and when is admitted
    }


NAMES = {_name(state): word for state, word in WORDS.items()}

PERMIT = Rules(
    initial=_name(State.RECEIVED),
    table=_rows(BEFORE),
    after_admission=_rows(AFTER),
    names=NAMES,
    terminal=frozenset(_name(s) for s in CLOSED),
    person_required_before=frozenset(
        _name(s) for s in (State.COMPLETED, State.COMPLETED_TOLERANT, State.REJECTED, State.REVOKED)
    ),
    notice_and_remedy=frozenset(_name(s) for s in (State.REJECTED, State.NOT_ADMITTED, State.ADMISSION_REFUSED)),
    owner_lanes=frozenset({OWNER}),
    sources={
        "act-order": STATE_TABLE,
        "no-final": STATE_TABLE,
        "no-person": f"{PERMIT_LAW}：许可决定由行政机关作出，不能自动作出",
        "same-lane": "受理与批准分开，见部门与角色的规定",
        "no-paper": f"{PERMIT_LAW}：不予许可、不予受理要书面说明理由，告知救济途径",
        "second-correction": f"{PERMIT_LAW}：需要补正的，当场或者五日内一次告知",
        "review-before-admission": f"{PERMIT_LAW}：先受理，后审查",
    },
)
"""An administrative permit: admitted by one desk, reviewed, decided by another."""

ACCEPTANCE = replace(PERMIT, separate_lanes=False)
"""Joint acceptance is no permit: the leading office admits the application and sums up what the departments found."""

FILING = replace(PERMIT, separate_lanes=False, person_since_admission=False)
"""A record-filing (备案) is admitted and filed in one act of one person."""
