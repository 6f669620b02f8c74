"""The public suites, run over this engine: BPMN cases and models to refuse, files of other tools, the DMN TCK.

Figures only, as plain data for `gcb conformance`; nothing of it is needed to run a process. The suites lie outside the project
(each with its own README, which says how it is judged).
"""

from workflows.conformance.report import SuiteMissing, broken, run

__all__ = ["SuiteMissing", "broken", "run"]
