"""Models for the tests of processes: elements in lanes, flows as 'a > b', one version published without ado."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.processes import definitions, deployments, publishing
from server.processes.models import Version

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DISTRICT, CITY = "150502", "150500"
CLERK = Actor(11, "窗口赵", 1, "科尔沁区政务局", "政务大厅·综合窗口", DISTRICT, frozenset({"window_clerk"}))
OFFICER = Actor(12, "王批准", 2, "科尔沁区住建局", "住建局·审批科", DISTRICT, frozenset({"dept_approver"}))
COLLEAGUE = Actor(13, "李批准", 2, "科尔沁区住建局", "住建局·审批科", DISTRICT, frozenset({"dept_approver"}))
OWNER = Actor(14, "孙经办", 9, "通辽宏远置业有限公司", None, DISTRICT, frozenset({"applicant"}))
DESIGNER = Actor(15, "周设计", 1, "大数据局", None, CITY, frozenset({"process_designer", "process_publisher"}))
PUBLISHER = Actor(16, "吴审阅", 1, "大数据局", None, CITY, frozenset({"process_publisher"}))
ADMIN = Actor(17, "郑管理", 1, "大数据局", None, CITY, frozenset({"admin"}))

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" targetNamespace="test" id="definitions">'
)
SIZES = {"startEvent": (36, 36), "endEvent": (36, 36), "intermediateCatchEvent": (36, 36)}


class Model:
    """A process, element by element; `xml()` is the file, drawn from left to right in its lanes."""

    def __init__(self, process_id: str = "review", name: str = "审查") -> None:
        self.process_id, self.name = process_id, name
        self.nodes: list[tuple[str, str]] = []  # id, tag
        self.parts: list[str] = []
        self.links: list[tuple[str, str, str]] = []
        self.lanes: dict[str, list[str]] = {}
        self.messages: dict[str, str] = {}  # name -> key
        self.hosts: dict[str, str] = {}

    def add(
        self, tag: str, key: str, *, name: str = "", ext: str = "", inner: str = "", lane: str, more: str = ""
    ) -> "Model":
        """Any element, in a lane."""
        extension = f"<extensionElements>{ext}</extensionElements>" if ext else ""
        self.nodes.append((key, tag))
        self.lanes.setdefault(lane, []).append(key)
        self.parts.append(f'<{tag} id="{key}" name="{name or key}" {more}>{extension}{inner}</{tag}>')
        return self

    def start(self, lane: str, message: str = "") -> "Model":
        """The start event, of a message or plain."""
        return self.add("startEvent", "start", name="开始", lane=lane, inner=self._message(message))

    def end(self, lane: str, key: str = "end") -> "Model":
        return self.add("endEvent", key, name="结束", lane=lane)

    def person(self, key: str, lane: str, form: str = "opinion", **outputs: str) -> "Model":
        """A user task; outputs: variable='=expression'."""
        ext = f'<zeebe:userTask/><zeebe:formDefinition formId="{form}"/>{_outputs(outputs)}'
        return self.add("userTask", key, ext=ext, lane=lane)

    def job(
        self,
        key: str,
        lane: str,
        kind: str,
        headers: dict[str, str] | None = None,
        retries: int | None = None,
        **outputs: str,
    ) -> "Model":
        """A service task."""
        tries = "" if retries is None else f' retries="{retries}"'
        head = "".join(f'<zeebe:header key="{k}" value="{v}"/>' for k, v in (headers or {}).items())
        heads = f"<zeebe:taskHeaders>{head}</zeebe:taskHeaders>" if head else ""
        return self.add(
            "serviceTask", key, ext=f'<zeebe:taskDefinition type="{kind}"{tries}/>{heads}{_outputs(outputs)}', lane=lane
        )

    def gateway(self, key: str, lane: str, default: str = "") -> "Model":
        more = f'default="{default}"' if default else ""
        return self.add("exclusiveGateway", key, lane=lane, more=more)

    def parallel(self, key: str, lane: str) -> "Model":
        return self.add("parallelGateway", key, lane=lane)

    def catch(self, key: str, lane: str, message: str, correlation: str = "=case_id") -> "Model":
        return self.add("intermediateCatchEvent", key, lane=lane, inner=self._message(message, correlation))

    def throw(self, key: str, lane: str, message: str, correlation: str = "=case_id") -> "Model":
        return self.add("intermediateThrowEvent", key, lane=lane, inner=self._message(message, correlation))

    def timer(self, key: str, lane: str, duration: str) -> "Model":
        inner = f"<timerEventDefinition><timeDuration>{duration}</timeDuration></timerEventDefinition>"
        return self.add("intermediateCatchEvent", key, lane=lane, inner=inner)

    def boundary(self, key: str, host: str, lane: str, error: str) -> "Model":
        """An error boundary of a service task."""
        self.hosts[key] = host
        more = f'attachedToRef="{host}"'
        return self.add(
            "boundaryEvent", key, lane=lane, more=more, inner=f'<errorEventDefinition errorRef="error_{error}"/>'
        )

    def flow(self, *path: str) -> "Model":
        """'a', 'b', 'c' or 'a', '?=condition', 'b'."""
        source, condition = path[0], ""
        for step in path[1:]:
            if step.startswith("?"):
                condition = step[1:]
                continue
            self.links.append((source, step, condition))
            source, condition = step, ""
        return self

    def xml(self) -> bytes:
        """The file."""
        errors = {part.split('errorRef="error_')[1].split('"')[0] for part in self.parts if "errorRef" in part}
        flows = "".join(
            f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">'
            + (f"<conditionExpression><![CDATA[{c}]]></conditionExpression>" if c else "")
            + "</sequenceFlow>"
            for a, b, c in self.links
        )
        lanes = "".join(
            f'<lane id="lane_{i}" name="{lane}">'
            + "".join(f"<flowNodeRef>{key}</flowNodeRef>" for key in keys)
            + "</lane>"
            for i, (lane, keys) in enumerate(self.lanes.items())
        )
        messages = "".join(
            f'<message id="{_id(name)}" name="{name}"><extensionElements>'
            f'<zeebe:subscription correlationKey="{key}"/></extensionElements></message>'
            for name, key in self.messages.items()
        )
        return (
            HEAD
            + messages
            + "".join(f'<error id="error_{code}" name="{code}" errorCode="{code}"/>' for code in sorted(errors))
            + '<collaboration id="co"><participant id="pool" name="池" processRef="'
            + f'{self.process_id}"/></collaboration>'
            + f'<process id="{self.process_id}" name="{self.name}" isExecutable="true">'
            + f'<laneSet id="lanes">{lanes}</laneSet>{"".join(self.parts)}{flows}</process>{self._drawing()}</definitions>'
        ).encode()

    def _message(self, name: str, key: str = "") -> str:
        if not name:
            return ""
        self.messages[name] = key or self.messages.get(name, "")
        return f'<messageEventDefinition messageRef="{_id(name)}"/>'

    def _drawing(self) -> str:
        boxes: dict[str, tuple[int, int, int, int]] = {}
        lane_of = {key: i for i, keys in enumerate(self.lanes.values()) for key in keys}
        for column, (key, tag) in enumerate(self.nodes):
            width, height = SIZES.get(tag, (50, 50) if tag.endswith("Gateway") else (100, 80))
            boxes[key] = (200 + 160 * column - width // 2, 100 + 200 * lane_of[key] - height // 2, width, height)
        for key, host in self.hosts.items():
            x, y, width, height = boxes[host]
            boxes[key] = (x + width // 2 - 18, y + height - 18, 36, 36)
        wide = 200 + 160 * len(self.nodes)
        shapes = [("pool", (60, 0, wide, 200 * len(self.lanes)))]
        shapes += [(f"lane_{i}", (90, 200 * i, wide - 30, 200)) for i in range(len(self.lanes))]
        shapes += list(boxes.items())
        drawn = "".join(
            f'<bpmndi:BPMNShape id="{key}_di" bpmnElement="{key}">'
            f'<dc:Bounds x="{x}" y="{y}" width="{w}" height="{h}"/></bpmndi:BPMNShape>'
            for key, (x, y, w, h) in shapes
        )
        drawn += "".join(
            f'<bpmndi:BPMNEdge id="{a}_{b}_di" bpmnElement="{a}_{b}">{_line(boxes[a], boxes[b])}</bpmndi:BPMNEdge>'
            for a, b, _ in self.links
        )
        return f'<bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="co">{drawn}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'


def _line(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> str:
    return f'<di:waypoint x="{a[0] + a[2]}" y="{a[1] + a[3] // 2}"/><di:waypoint x="{b[0]}" y="{b[1] + b[3] // 2}"/>'


def _id(name: str) -> str:
    return "message_" + name.replace(".", "_")


def _outputs(outputs: dict[str, str]) -> str:
    made = "".join(f"<zeebe:output source='{source}' target='{target}'/>" for target, source in outputs.items())
    return f"<zeebe:ioMapping>{made}</zeebe:ioMapping>" if made else ""


def form(form_id: str = "opinion", *outcomes: str) -> bytes:
    """A form with the radio field `outcome` and an opinion."""
    import json

    values = [{"label": value, "value": value} for value in outcomes or ("pass", "fail")]
    return json.dumps(
        {
            "id": form_id,
            "type": "default",
            "schemaVersion": 19,
            "components": [
                {
                    "type": "radio",
                    "key": "outcome",
                    "label": "结论",
                    "values": values,
                    "id": "f1",
                    "validate": {"required": True},
                },
                {"type": "textarea", "key": "opinion", "label": "意见", "id": "f2"},
            ],
        },
        ensure_ascii=False,
    ).encode()


def publish(session: Session, model: Model, **forms: bytes) -> Version:
    """Put a model into force as a person would have, past the checks."""
    files = {definitions.main_file(model.process_id): model.xml(), "opinion.form": form()}
    files |= {f"{name}.form": data for name, data in forms.items()}
    deployments.add_to_library(session, files, NOW)
    closure, deployment = definitions.closure(session, model.process_id, files, None, NOW)
    version = definitions.add_version(
        session,
        model.process_id,
        closure,
        name=deployment.name,
        origin="designer",
        note="",
        by=DESIGNER.label,
        by_id=DESIGNER.account_id,
        now=NOW,
    )
    publishing.put_in_force(session, version, "publish", "", PUBLISHER, NOW)
    return version


def one_task(process_id: str = "review") -> Model:
    """开始 → 审批 → 结束, all in 住建局·审批科."""
    lane = OFFICER.unit or ""
    return Model(process_id).start(lane).person("decide", lane).end(lane).flow("start", "decide", "end")


Variables = dict[str, Any]
