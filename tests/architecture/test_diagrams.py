"""The models are drawn so that an official can follow them with a finger (ui.md §8)."""

import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
from lxml import etree

from server.accounts.demo import ACCOUNTS

ROOT = Path(__file__).parents[2]
MODELS = sorted((ROOT / "bpmn").glob("*.bpmn"))
NS = {
    "b": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "d": "http://www.omg.org/spec/BPMN/20100524/DI",
    "c": "http://www.omg.org/spec/DD/20100524/DC",
    "i": "http://www.omg.org/spec/DD/20100524/DI",
}
SIZES = {"Task": (100, 80), "Gateway": (50, 50), "Event": (36, 36)}
PREFIXES = {
    "userTask": ("task_",),
    "serviceTask": ("act_",),
    "businessRuleTask": ("act_",),
    "exclusiveGateway": ("gate_",),
    "eventBasedGateway": ("gate_",),
    "parallelGateway": ("split_", "join_"),
    "inclusiveGateway": ("split_", "join_"),
    "startEvent": ("start_",),
    "endEvent": ("end_",),
}
MOST_NODES = {"construction-permit": 32, "joint-acceptance": 32}
MOST_LANES = {"joint-acceptance": 7}
Point = tuple[int, int]


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    w: int
    h: int

    def gap(self, other: "Box") -> int:
        """Pixels between two boxes, the larger of both directions; negative when they overlap."""
        return max(
            max(self.x, other.x) - min(self.x + self.w, other.x + other.w),
            max(self.y, other.y) - min(self.y + self.h, other.y + other.h),
        )

    def cut_by(self, a: Point, b: Point, margin: int = 0) -> bool:
        """Whether an orthogonal line comes nearer than `margin`."""
        return (
            max(a[0], b[0]) > self.x - margin
            and min(a[0], b[0]) < self.x + self.w + margin
            and max(a[1], b[1]) > self.y - margin
            and min(a[1], b[1]) < self.y + self.h + margin
        )


class Drawing:
    """A model's elements with their boxes, labels and lines."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.text = path.read_text(encoding="utf-8")
        tree = etree.fromstring(path.read_bytes())
        process = tree.find("b:process", NS)
        assert process is not None
        kinds = ("Task", "Gateway", "Event")
        self.nodes = {str(one.get("id")): one for one in process if etree.QName(one).localname.endswith(kinds)}
        self.flows = {str(one.get("id")): one for one in process.findall("b:sequenceFlow", NS)}
        self.lanes = {str(one.get("id")): one for one in process.iterfind(".//b:lane", NS)}
        self.boxes: dict[str, Box] = {}
        self.labels: dict[str, Box] = {}
        for shape in tree.iterfind(".//d:BPMNShape", NS):
            self.boxes[shape.get("bpmnElement")] = _box(shape.find("c:Bounds", NS))
        for drawn in tree.iterfind(".//*[@bpmnElement]"):
            label = drawn.find("d:BPMNLabel/c:Bounds", NS)
            if label is not None:
                self.labels[drawn.get("bpmnElement")] = _box(label)
        self.lines = {
            str(edge.get("bpmnElement")): [(int(p.get("x")), int(p.get("y"))) for p in edge.iterfind("i:waypoint", NS)]
            for edge in tree.iterfind(".//d:BPMNEdge", NS)
        }

    def kind(self, node: str) -> str:
        return etree.QName(self.nodes[node]).localname

    def hosts(self, node: str) -> str | None:
        return self.nodes[node].get("attachedToRef")

    def segments(self, flow: str) -> list[tuple[Point, Point]]:
        points = self.lines[flow]
        return list(zip(points, points[1:], strict=False))

    def of_one_trunk(self, one: str, other: str) -> bool:
        """Branches of the same gateway may share the line they leave or arrive on."""
        a, b = self.flows[one], self.flows[other]
        return a.get("sourceRef") == b.get("sourceRef") or a.get("targetRef") == b.get("targetRef")


def _box(bounds: "etree._Element | None") -> Box:
    assert bounds is not None
    return Box(*(int(bounds.get(key, "")) for key in ("x", "y", "width", "height")))


@pytest.fixture(params=MODELS, ids=lambda path: path.stem)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    return Drawing(request.param)


def test_everything_is_drawn_and_nothing_else(drawing: Drawing) -> None:
    shapes = {one for one in drawing.boxes if not one.startswith("pool_")}
    assert shapes == set(drawing.nodes) | set(drawing.lanes)
    assert set(drawing.lines) == set(drawing.flows)
    for key, element in {**drawing.nodes, **drawing.flows}.items():
        outside = key in drawing.flows or not drawing.kind(key).endswith("Task")
        assert (key in drawing.labels) == bool(element.get("name") and outside), key


def test_every_shape_has_its_size_and_its_centre_on_the_grid(drawing: Drawing) -> None:
    for node in drawing.nodes:
        box = drawing.boxes[node]
        size = next(size for kind, size in SIZES.items() if drawing.kind(node).endswith(kind))
        assert (box.w, box.h) == size, node
        assert (box.x + box.w // 2) % 10 == 0, node
        assert (box.y + box.h // 2) % 10 == 0, node


def test_shapes_keep_their_distance(drawing: Drawing) -> None:
    for one, other in combinations(drawing.nodes, 2):
        if other in (drawing.hosts(one), one) or one == drawing.hosts(other):
            continue
        assert drawing.boxes[one].gap(drawing.boxes[other]) >= 20, (one, other)


def test_neighbours_on_a_line_are_forty_apart(drawing: Drawing) -> None:
    for key, flow in drawing.flows.items():
        points = drawing.lines[key]
        length = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in drawing.segments(key))
        level = len(points) == 2 and points[0][1] == points[1][1]
        assert length >= (40 if level else 30), key
        if level and flow.get("name"):
            assert length >= 65, key


def test_every_shape_lies_within_its_lane(drawing: Drawing) -> None:
    for key, lane in drawing.lanes.items():
        room = drawing.boxes[key]
        for ref in lane.findall("b:flowNodeRef", NS):
            box = drawing.boxes[str(ref.text)]
            assert room.y + 20 <= box.y, ref.text
            assert box.y + box.h <= room.y + room.h - 20, ref.text
            assert room.x + 30 <= box.x, ref.text
            assert box.x + box.w <= room.x + room.w - 20, ref.text
    placed = [str(ref.text) for lane in drawing.lanes.values() for ref in lane.findall("b:flowNodeRef", NS)]
    assert sorted(placed) == sorted(drawing.nodes)


def test_lanes_lie_under_one_another_without_a_gap(drawing: Drawing) -> None:
    rooms = [drawing.boxes[key] for key in drawing.lanes]
    assert all(a.y + a.h == b.y and (a.x, a.w) == (b.x, b.w) for a, b in zip(rooms, rooms[1:], strict=False))


def test_lines_are_upright_or_level_with_two_bends_at_most(drawing: Drawing) -> None:
    for key in drawing.flows:
        assert 2 <= len(drawing.lines[key]) <= 4, key
        for a, b in drawing.segments(key):
            assert (a[0] == b[0]) != (a[1] == b[1]), key


def test_lines_join_the_middle_of_a_side(drawing: Drawing) -> None:
    for key, flow in drawing.flows.items():
        for node, point in (
            (flow.get("sourceRef"), drawing.lines[key][0]),
            (flow.get("targetRef"), drawing.lines[key][-1]),
        ):
            box = drawing.boxes[str(node)]
            x, y = point[0] - box.x, point[1] - box.y
            sideways = x in (0, box.w) and abs(y - box.h // 2) in (0, 20)
            upright = y in (0, box.h) and abs(x - box.w // 2) in (0, 20)
            assert sideways or upright, (key, node)


def test_no_line_crosses_or_lies_on_another(drawing: Drawing) -> None:
    for one, other in combinations(drawing.flows, 2):
        if drawing.of_one_trunk(one, other):
            continue
        for a, b in drawing.segments(one):
            for c, d in drawing.segments(other):
                assert not Box(*_around(a, b)).cut_by(c, d, 10), (one, other)


def _around(a: Point, b: Point) -> tuple[int, int, int, int]:
    return min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1])


def test_no_line_comes_near_a_shape_that_is_not_its_own(drawing: Drawing) -> None:
    for key, flow in drawing.flows.items():
        own = {str(flow.get("sourceRef")), str(flow.get("targetRef"))}
        own |= {host for node in own if (host := drawing.hosts(node))}
        own |= {node for node in drawing.nodes if drawing.hosts(node) in own}
        for node in set(drawing.nodes) - own:
            for a, b in drawing.segments(key):
                assert not drawing.boxes[node].cut_by(a, b, 20), (key, node)


def test_no_label_lies_on_a_line_a_shape_or_another_label(drawing: Drawing) -> None:
    for key, label in drawing.labels.items():
        for flow in drawing.flows:
            assert not any(label.cut_by(a, b) for a, b in drawing.segments(flow)), (key, flow)
        for node in drawing.nodes:
            if node != key and not (key in drawing.flows and drawing.kind(node).endswith("Gateway")):
                assert label.gap(drawing.boxes[node]) >= 0, (key, node)
        for other, box in drawing.labels.items():
            assert other == key or label.gap(box) >= 0, (key, other)


def test_a_label_is_wide_enough_for_its_words(drawing: Drawing) -> None:
    for key, label in drawing.labels.items():
        name = str({**drawing.nodes, **drawing.flows}[key].get("name"))
        assert (label.w, label.h) == (14 * len(name) + 6, 16), key


def test_names_are_short_chinese_and_questions_only_at_gateways(drawing: Drawing) -> None:
    for key, element in {**drawing.nodes, **drawing.flows}.items():
        name = element.get("name") or ""
        assert not re.search(r"[A-Za-z]", name), key
        assert len(name) <= (14 if key in drawing.nodes and drawing.kind(key).endswith("Task") else 7), name
        if key in drawing.nodes:
            exclusive = drawing.kind(key) == "exclusiveGateway"
            assert name.endswith("？") == exclusive, key
            assert bool(name) == (not key.startswith("join_")), key


def test_ids_say_what_kind_they_are(drawing: Drawing) -> None:
    for node in drawing.nodes:
        assert node.startswith(PREFIXES.get(drawing.kind(node), ("event_",))), node
    assert all(re.fullmatch(r"flow_[a-z_]+", key) for key in drawing.flows)
    assert all(re.fullmatch(r"lane_[a-z_]+", key) for key in drawing.lanes)


def test_lanes_are_units_that_exist(drawing: Drawing) -> None:
    units = {"建设单位"} | {f"{place}·{section}" for _, _, place, section, _ in ACCOUNTS if section}
    assert {str(lane.get("name")) for lane in drawing.lanes.values()} <= units


def test_a_model_can_be_read_whole(drawing: Drawing) -> None:
    assert len(drawing.nodes) <= MOST_NODES.get(drawing.name, 25)
    assert len(drawing.lanes) <= MOST_LANES.get(drawing.name, 5)


def test_no_colour_is_in_the_file(drawing: Drawing) -> None:
    assert not re.search(r"bioc|color:|background-color|border-color|stroke=|fill=", drawing.text)


def test_the_file_opens_in_the_desktop_modeler_as_camunda_8(drawing: Drawing) -> None:
    assert 'modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.6.0"' in drawing.text
    for node, element in drawing.nodes.items():
        if drawing.kind(node) == "userTask":
            assert element.find(".//{http://camunda.org/schema/zeebe/1.0}userTask") is not None, node
