"""Small models for tests, said in a few calls: `Sketch().start().person("审查", lane="审批科")…`. Every sketch has a drawing."""

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="urn:test">\n'
)


class Sketch:
    """Collects elements; `xml()` gives the file. Nodes in a lane by `lane=`, in a subprocess by `inside=`."""

    def __init__(self, process: str = "sketch") -> None:
        self.process = process
        self.nodes: list[tuple[str, str, str, str]] = []  # (id, inside, xml, kind)
        self.flows: list[tuple[str, str, str, str, str, str]] = []
        self.lanes: dict[str, list[str]] = {}
        self.messages: dict[str, str] = {}
        self.undrawn: set[str] = set()
        self.extra_attribute: dict[str, str] = {}

    def add(
        self,
        kind: str,
        id: str,
        name: str = "",
        *,
        inside: str = "",
        lane: str = "",
        body: str = "",
        ext: str = "",
        **attributes: str,
    ) -> "Sketch":
        """Any element."""
        more = "".join(f" {k}={quoteattr(v)}" for k, v in attributes.items())
        extension = f"<bpmn:extensionElements>{ext}</bpmn:extensionElements>" if ext else ""
        if name:
            more += f" name={quoteattr(name)}"
        self.nodes.append((id, inside, f"<bpmn:{kind} id={quoteattr(id)}{more}>{extension}{body}</bpmn:{kind}>", kind))
        if lane:
            self.lanes.setdefault(lane, []).append(id)
        return self

    def start(
        self, id: str = "start", out: Mapping[str, str] | None = None, message: str = "", **rest: str
    ) -> "Sketch":
        return self.add("startEvent", id, ext=_mapping(out), body=self._message(message), **rest)

    def end(self, id: str = "end", **rest: str) -> "Sketch":
        return self.add("endEvent", id, **rest)

    def person(
        self,
        id: str,
        name: str = "办理",
        *,
        lane: str = "审批科",
        form: str = "form",
        out: Mapping[str, str] | None = None,
        groups: str = "",
        **rest: str,
    ) -> "Sketch":
        ext = f'<zeebe:userTask/><zeebe:formDefinition formId="{form}"/>' if form else "<zeebe:userTask/>"
        if groups:
            ext += f'<zeebe:assignmentDefinition candidateGroups="{groups}"/>'
        return self.add("userTask", id, name, lane=lane, ext=ext + _mapping(out), **rest)

    def job(
        self,
        id: str,
        name: str = "自动",
        *,
        type: str = "record",
        retries: str = "",
        out: Mapping[str, str] | None = None,
        inside: str = "",
        body: str = "",
        **headers: str,
    ) -> "Sketch":
        told = "".join(f"<zeebe:header key={quoteattr(k)} value={quoteattr(v)}/>" for k, v in headers.items())
        tries = f" retries={quoteattr(retries)}" if retries else ""
        ext = (
            f'<zeebe:taskDefinition type="{type}"{tries}/><zeebe:taskHeaders>{told}</zeebe:taskHeaders>{_mapping(out)}'
        )
        return self.add("serviceTask", id, name, ext=ext, inside=inside, body=body)

    def gate(
        self, id: str, name: str = "怎么走？", default: str = "", kind: str = "exclusive", **rest: str
    ) -> "Sketch":
        return self.add(f"{kind}Gateway", id, name, **({"default": f"{id}_{default}"} if default else {}), **rest)

    def split(self, id: str, **rest: str) -> "Sketch":
        return self.gate(id, kind="parallel", **rest)

    def catch(self, id: str, message: str, *, key: str = "=case_id", name: str = "等待", **rest: str) -> "Sketch":
        return self.add("intermediateCatchEvent", id, name, body=self._message(message, key), **rest)

    def throw(self, id: str, message: str, **rest: str) -> "Sketch":
        return self.add("intermediateThrowEvent", id, "抛出", body=self._message(message), **rest)

    def boundary(
        self, id: str, host: str, message: str = "", *, key: str = "=case_id", body: str = "", **rest: str
    ) -> "Sketch":
        return self.add(
            "boundaryEvent", id, "边界", body=body or self._message(message, key), attachedToRef=host, **rest
        )

    def flow(self, source: str, target: str, condition: str = "", name: str = "", inside: str = "") -> "Sketch":
        id = f"{source}_{target}"
        self.flows.append((id, source, target, condition, name, inside))
        return self

    def path(self, *nodes: str, inside: str = "") -> "Sketch":
        for source, target in zip(nodes, nodes[1:], strict=False):
            self.flow(source, target, inside=inside)
        return self

    def _message(self, name: str, key: str = "") -> str:
        if not name:
            return ""
        self.messages[f"message_{name}"] = key
        return f'<bpmn:messageEventDefinition messageRef="message_{name}"/>'

    def _inside(self, scope: str) -> str:
        parts = []
        for id, inside, text, kind in self.nodes:
            if inside == scope:
                content = self._inside(id) if kind in ("subProcess",) else ""
                parts.append(text.replace(f"</bpmn:{kind}>", f"{content}</bpmn:{kind}>") if content else text)
        for id, source, target, condition, name, inside in self.flows:
            if inside == scope:
                test = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(condition)}</bpmn:conditionExpression>'
                parts.append(
                    f'<bpmn:sequenceFlow id="{id}" name={quoteattr(name)} sourceRef="{source}" targetRef="{target}">'
                    f"{test if condition else ''}</bpmn:sequenceFlow>"
                )
        return "\n".join(parts)

    def xml(self, executable: bool = True) -> bytes:
        lanes = "".join(
            f'<bpmn:lane id="lane_{i}" name={quoteattr(name)}>'
            + "".join(f"<bpmn:flowNodeRef>{m}</bpmn:flowNodeRef>" for m in members)
            + "</bpmn:lane>"
            for i, (name, members) in enumerate(self.lanes.items())
        )
        messages = "".join(
            f'<bpmn:message id="{id}" name="{id.removeprefix("message_")}">'
            + (
                f"<bpmn:extensionElements><zeebe:subscription correlationKey={quoteattr(key)}/></bpmn:extensionElements>"
                if key
                else ""
            )
            + "</bpmn:message>"
            for id, key in self.messages.items()
        )
        shapes = [id for id, *_ in self.nodes] + [f"lane_{i}" for i in range(len(self.lanes))]
        drawing = "".join(
            f'<bpmndi:BPMNShape id="{id}_di" bpmnElement="{id}"{self.extra_attribute.get(id, "")}>'
            f'<dc:Bounds x="{100 * n}" y="80" width="100" height="80"/></bpmndi:BPMNShape>'
            for n, id in enumerate(shapes)
            if id not in self.undrawn
        ) + "".join(
            f'<bpmndi:BPMNEdge id="{flow[0]}_di" bpmnElement="{flow[0]}"><di:waypoint x="0" y="0"/><di:waypoint x="9" y="9"/>'
            "</bpmndi:BPMNEdge>"
            for flow in self.flows
            if flow[0] not in self.undrawn
        )
        return (
            f'{HEAD}<bpmn:process id="{self.process}" name="{self.process}" isExecutable="{str(executable).lower()}">\n'
            f"{f'<bpmn:laneSet id={chr(34)}lanes{chr(34)}>{lanes}</bpmn:laneSet>' if lanes else ''}{self._inside('')}</bpmn:process>"
            f'{messages}<bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="{self.process}">{drawing}'
            "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"
        ).encode()


def _mapping(out: Mapping[str, str] | None) -> str:
    if not out:
        return ""
    rows = "".join(
        f"<zeebe:output source={quoteattr(source)} target={quoteattr(target)}/>" for target, source in out.items()
    )
    return f"<zeebe:ioMapping>{rows}</zeebe:ioMapping>"
