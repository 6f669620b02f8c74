"""What every path through the model of a first registration must obey: the steps of `steps.FOLLOWS` as a model records them.

Steps that people record themselves (reviewed, confirmed, cured) are no acts of the model: the table leaps over them.
"""

from server.processes.rules import Rules, Said
from server.registry.steps import WORDS, Step

STEPS = "登记办理步骤，依《不动产登记暂行条例》：受理、审核、登簿"
REGISTRARS = "登簿权仅登记人员，见部门与角色的规定"


def _name(step: Step) -> str:
    return step.value.lower()


PRE_ADMITTED, CHECKED, HELD, ADMITTED, BOOKED, REFUSED = (
    _name(one) for one in (Step.PRE_ADMITTED, Step.CHECKED, Step.HELD, Step.ADMITTED, Step.BOOKED, Step.REFUSED)
)
ACTS = {
    "registry.pre_admit": PRE_ADMITTED,
    "registry.run_checks": CHECKED,
    "registry.hold": HELD,
    "registry.admit": ADMITTED,
    "registry.book": BOOKED,
    "registry.refuse": REFUSED,
}
"""Which step each handler records."""

REGISTRATION = Rules(
    initial=PRE_ADMITTED,
    table={
        PRE_ADMITTED: frozenset({CHECKED}),
        CHECKED: frozenset({HELD, ADMITTED}),
        HELD: frozenset({CHECKED}),
    },
    after_admission={
        ADMITTED: frozenset({BOOKED, REFUSED, HELD}),  # held: the checks at booking recorded themselves
        CHECKED: frozenset({HELD, BOOKED}),
        HELD: frozenset({CHECKED}),
    },
    names={_name(step): word for step, word in WORDS.items()},
    terminal=frozenset({BOOKED, REFUSED}),
    acts=ACTS,
    needs={ADMITTED: {"hold": False}},
    said={
        ADMITTED: (Said(frozenset({"admit"}), frozenset({"admit"})),),
        BOOKED: (
            Said(frozenset({"pass", "refuse"}), frozenset({"pass"})),
            Said(frozenset({"book"}), frozenset({"book"})),
        ),
        REFUSED: (Said(frozenset({"pass", "refuse"}), frozenset({"refuse"})),),
    },
    person_required_before=frozenset({ADMITTED, BOOKED, REFUSED}),
    correction="",
    sources={
        "act-order": STEPS,
        "no-final": f"{STEPS}：每一件都要登簿或者书面不予登记",
        "endless": f"{STEPS}：每一件都要登簿或者书面不予登记",
        "found-otherwise": "核验全部通过才受理，见联动登记的规定",
        "no-person": REGISTRARS,
        "not-decided": REGISTRARS,
        "same-lane": "受理、审核、登簿分岗，见部门与角色的规定",
        "review-before-admission": STEPS,
    },
)
