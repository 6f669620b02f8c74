"""What the publish check looks at, in words, and which findings say that it is not so."""

PATH_CODES = frozenset(
    "act-order no-final no-person same-lane no-paper second-correction late-correction correction-endless "
    "review-before-admission review-failed review-missing not-decided no-conditions nothing-issued endless "
    "stuck twice piled-up not-explored uncaught".split()
)
CHECKS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "每条路都有去处，没有走不到的图元",
        frozenset({"dead-end", "unreachable", "no-way-out", "no-end", "lone-condition"}),
    ),
    ("分岔的网关都有默认出口", frozenset({"no-default", "default-condition"})),
    ("每个任务都有科室和表单", frozenset("no-lane two-lanes unknown-unit no-form unknown-form groups-differ".split())),
    (
        "自动任务都有处理程序，参数齐全",
        frozenset("unknown-handler missing-header idle-transition retries foreign-handler".split()),
    ),
    (
        "消息和信号都有人发、有人收",
        frozenset({"unknown-message", "unknown-signal", "no-key", "time-to-live", "started-by-nobody"}),
    ),
    ("条件和决策表里的表达式都写对了", frozenset({"feel", "decision-feel", "cell-feel", "never-equal"})),
    (
        "表单都画得出、核对得了",
        frozenset(
            "form-unreadable field-type field-key field-label field-options field-check field-pattern "
            "field-feel field-double".split()
        ),
    ),
    ("条件读的变量都有人写过，并行的任务不互相覆盖", frozenset({"unwritten", "written-late", "overwritten", "unset"})),
    ("决策表和被调用的流程都存在", frozenset({"unknown-decision", "unknown-called"})),
    (
        "决策表没有空档和重叠",
        frozenset("table-gap table-overlap table-undecided shadowed-rule empty-table ragged-table".split()),
    ),
    ("图画全了，没有自带的颜色", frozenset({"no-diagram", "no-shape", "no-edge", "coloured"})),
    ("系统能照着运行", frozenset({"refused", "duplicate-id", "not-executable", "too-large", "joins-on-cycle"})),
    (
        "办件状态的先后都合规定，每条路都能办结",
        frozenset("act-order no-final second-correction endless correction-endless".split()),
    ),
    (
        "每个决定都由人作出，受理和决定分开，不予的都有文书",
        frozenset({"no-person", "same-lane", "no-paper", "not-decided"}),
    ),
    (
        "受理之前没有部门先审，条件在发证以前都判过",
        frozenset({"review-before-admission", "no-conditions", "nothing-issued"}),
    ),
    ("并行的路都等得到，走法全部查完", frozenset({"stuck", "twice", "piled-up", "not-explored", "uncaught"})),
    ("模型用例都走得通", frozenset({"trial-failed", "trials-unreadable", "trials-too-long"})),
    ("每条路都有用例走过", frozenset({"never-walked", "no-trials"})),
    ("改的都是最新的那一份，不会被排定的版本盖掉", frozenset({"base-moved", "scheduled"})),
)
"""What the check looks at, and the codes of findings that say it is not so."""
