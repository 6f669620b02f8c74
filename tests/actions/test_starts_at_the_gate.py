"""A process that waits for a signal or a clock to begin would never begin here: the gate says so, and in which words."""

import pytest
from builders_processes import NOW, one_task
from sqlalchemy.orm import Session

from server.processes import checking

DEFINITIONS = {
    "signal": '<bpmn:signalEventDefinition signalRef="rung"/>',
    "timer": "<bpmn:timerEventDefinition><bpmn:timeCycle>R/P1D</bpmn:timeCycle></bpmn:timerEventDefinition>",
    "none": "",
}


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_only_a_start_that_somebody_causes_is_accepted(session: Session, kind: str) -> None:
    xml = one_task().xml().decode()
    prefix = "bpmn:" if "<bpmn:startEvent" in xml else ""
    begin = xml.index(f"<{prefix}startEvent")
    end = xml.index(">", begin)
    opened = xml[begin:end].rstrip("/")
    inner = DEFINITIONS[kind].replace("bpmn:", prefix)
    rest = xml[end + 1 :] if xml[end - 1] == "/" else xml[xml.index(f"</{prefix}startEvent>") + len(f"</{prefix}startEvent>") :]
    signal = f'<{prefix}signal id="rung" name="rung"/>'
    whole = f"{xml[:begin]}{opened}>{inner}</{prefix}startEvent>{rest}"
    at = whole.index(f"<{prefix}process")
    files = {"review.bpmn": (whole[:at] + signal + whole[at:]).encode()}
    found = [one for one in checking.findings(session, "review", files, NOW) if one.code == "started-by-nobody"]
    assert [one.element for one in found] == ([] if kind == "none" else ["start"])
