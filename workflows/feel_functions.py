"""The FEEL functions and ways of writing that work in this engine, with examples for designers: the source of the page that lists them.

Data only. `tests/engine/test_feel_functions.py` evaluates every example and compares, and holds the list against the functions the
interpreter has.
"""

from dataclasses import dataclass

GROUPS: dict[str, str] = {
    "writing": "写法",
    "text": "文字",
    "number": "数",
    "list": "列表",
    "date": "日期和时间",
    "context": "上下文",
    "range": "区间",
    "logic": "真假和转换",
}


@dataclass(frozen=True, slots=True)
class FeelFunctionInfo:
    """`signature`: how it is called, in words; `example` and `result`: FEEL, the second what the first gives.

    now() and today() in an example mean 2026-11-24, ten o'clock in China.
    """

    group: str
    name: str
    signature: str
    says: str
    example: str
    result: str


def _list(group: str, *rows: tuple[str, str, str, str, str]) -> tuple[FeelFunctionInfo, ...]:
    return tuple(FeelFunctionInfo(group, *row) for row in rows)


FUNCTIONS: tuple[FeelFunctionInfo, ...] = (
    *_list(
        "writing",
        ("if", "if 条件 then 值 else 值", "按条件取两个值中的一个", 'if 12000 > 5000 then "大" else "小"', '"大"'),
        ("and", "条件 and 条件", "两个条件都成立", '12000 > 5000 and "市政" = "市政"', "true"),
        ("or", "条件 or 条件", "至少一个条件成立", "1 > 2 or 3 > 2", "true"),
        ("between", "值 between 低 and 高", "在两个值之间，两端都算", "5000 between 3000 and 5000", "true"),
        ("in", "值 in [值, …]", "是列出的值之一，或落在区间里", '"市政" in ["市政", "房建"]', "true"),
        ("for", "for 名 in 列表 return 式", "逐个计算，得到新的列表", "for 层 in 1..3 return 层 * 2", "[2, 4, 6]"),
        (
            "some",
            "some 名 in 列表 satisfies 条件",
            "至少有一个满足条件",
            "some 层高 in [3, 6] satisfies 层高 > 5",
            "true",
        ),
        (
            "every",
            "every 名 in 列表 satisfies 条件",
            "每一个都满足条件",
            "every 层高 in [3, 6] satisfies 层高 > 5",
            "false",
        ),
        (
            "[ ]",
            "列表[条件] 或 列表[序号]",
            "挑出满足条件的，或第几个；item 是当前这一个",
            "[3, 6, 9][item > 4]",
            "[6, 9]",
        ),
        (".", "上下文.名", "取上下文里的一项", '{"面积": 300, "用途": "住宅"}.面积', "300"),
        ("instance of", "值 instance of 类型", "是不是某种类型的值", '"市政" instance of string', "true"),
        ("function", "function(名, …) 式", "自己写一个函数", "(function(长, 宽) 长 * 宽)(3, 4)", "12"),
        ('@"…"', '@"日期、时间或时长"', "日期、时间和时长的简写", '@"2026-12-01" > @"2026-11-24"', "true"),
    ),
    *_list(
        "text",
        ("string length", "string length(文字)", "有几个字", 'string length("施工许可")', "4"),
        ("contains", "contains(文字, 找)", "文字里有没有要找的", 'contains("建设工程规划许可", "规划")', "true"),
        ("starts with", "starts with(文字, 头)", "是不是以它开头", 'starts with("沪房地字", "沪")', "true"),
        ("ends with", "ends with(文字, 尾)", "是不是以它结尾", 'ends with("图纸.pdf", ".pdf")', "true"),
        ("matches", "matches(文字, 模式)", "是不是符合正则模式", 'matches("310115", "^[0-9]{6}$")', "true"),
        (
            "substring",
            "substring(文字, 从, 几个)",
            "取一段，从 1 数起，负数从末尾数",
            'substring("建设工程", 3, 2)',
            '"工程"',
        ),
        (
            "substring before",
            "substring before(文字, 标记)",
            "标记之前的部分",
            'substring before("浦东-001", "-")',
            '"浦东"',
        ),
        (
            "substring after",
            "substring after(文字, 标记)",
            "标记之后的部分",
            'substring after("浦东-001", "-")',
            '"001"',
        ),
        (
            "replace",
            "replace(文字, 模式, 换成)",
            "把符合模式的都换掉",
            'replace("2026-11-24", "-", "/")',
            '"2026/11/24"',
        ),
        ("split", "split(文字, 分隔)", "按分隔拆成列表", 'split("甲、乙、丙", "、")', '["甲", "乙", "丙"]'),
        (
            "string join",
            "string join(列表, 连接)",
            "把列表连成文字",
            'string join(["消防", "人防"], "、")',
            '"消防、人防"',
        ),
        ("upper case", "upper case(文字)", "字母变大写", 'upper case("bim")', '"BIM"'),
        ("lower case", "lower case(文字)", "字母变小写", 'lower case("PDF")', '"pdf"'),
        ("string", "string(值)", "变成文字", "string(12.5)", '"12.5"'),
    ),
    *_list(
        "number",
        ("+ - * /", "数 + 数", "加减乘除，** 是乘方", "(3 + 5) * 2 ** 2", "32"),
        ("number", "number(文字, 千分位, 小数点)", "文字变成数", 'number("1,200.5", ",", ".")', "1200.5"),
        ("abs", "abs(数或时长)", "绝对值", "abs(-3)", "3"),
        ("floor", "floor(数, 位)", "向下取整，可指定小数位", "floor(2.345, 2)", "2.34"),
        ("ceiling", "ceiling(数, 位)", "向上取整，可指定小数位", "ceiling(2.341, 2)", "2.35"),
        ("round half up", "round half up(数, 位)", "四舍五入", "round half up(2.345, 2)", "2.35"),
        ("round half down", "round half down(数, 位)", "五舍六入", "round half down(2.345, 2)", "2.34"),
        ("round up", "round up(数, 位)", "远离零取整", "round up(-2.341, 2)", "-2.35"),
        ("round down", "round down(数, 位)", "向零取整", "round down(-2.349, 2)", "-2.34"),
        ("decimal", "decimal(数, 位)", "四舍六入五成双", "decimal(2.345, 2)", "2.34"),
        ("modulo", "modulo(被除数, 除数)", "余数", "modulo(17, 5)", "2"),
        ("odd", "odd(数)", "是不是奇数", "odd(3)", "true"),
        ("even", "even(数)", "是不是偶数", "even(3)", "false"),
        ("sqrt", "sqrt(数)", "平方根", "sqrt(16)", "4"),
        ("log", "log(数)", "自然对数", "log(1)", "0"),
        ("exp", "exp(数)", "自然常数的乘方", "exp(0)", "1"),
    ),
    *_list(
        "list",
        ("count", "count(列表)", "有几个", 'count(["消防", "人防"])', "2"),
        ("list contains", "list contains(列表, 值)", "列表里有没有", 'list contains(["消防", "人防"], "人防")', "true"),
        ("sum", "sum(列表)", "总和", "sum([300, 200.5])", "500.5"),
        ("min", "min(列表)", "最小的数，最早的日期", "min([300, 200])", "200"),
        (
            "max",
            "max(列表)",
            "最大的数，最晚的日期",
            'max([date("2026-12-01"), date("2026-11-24")])',
            'date("2026-12-01")',
        ),
        ("mean", "mean(列表)", "平均数", "mean([3, 6, 9])", "6"),
        ("median", "median(列表)", "中位数", "median([9, 3, 6])", "6"),
        ("mode", "mode(列表)", "出现最多的数", "mode([3, 6, 6])", "[6]"),
        ("stddev", "stddev(列表)", "标准差", "stddev([2, 4])", "sqrt(2)"),
        ("product", "product(列表)", "连乘", "product([2, 3, 4])", "24"),
        ("all", "all(列表)", "全部为真", "all([true, 3 > 2])", "true"),
        ("any", "any(列表)", "至少一个为真", "any([false, 3 > 2])", "true"),
        ("append", "append(列表, 值)", "在末尾加一个", 'append(["消防"], "人防")', '["消防", "人防"]'),
        ("concatenate", "concatenate(列表, 列表)", "接成一个列表", "concatenate([1, 2], [2, 3])", "[1, 2, 2, 3]"),
        ("union", "union(列表, 列表)", "接起来，去掉重复", "union([1, 2], [2, 3])", "[1, 2, 3]"),
        ("distinct values", "distinct values(列表)", "去掉重复", "distinct values([1, 2, 1])", "[1, 2]"),
        ("flatten", "flatten(列表)", "把里层的列表摊平", "flatten([1, [2, [3]]])", "[1, 2, 3]"),
        ("insert before", "insert before(列表, 第几个, 值)", "插在它前面", "insert before([1, 3], 2, 2)", "[1, 2, 3]"),
        ("list replace", "list replace(列表, 第几个, 值)", "换掉第几个", "list replace([1, 9, 3], 2, 2)", "[1, 2, 3]"),
        ("remove", "remove(列表, 第几个)", "去掉第几个", "remove([1, 9, 2], 2)", "[1, 2]"),
        ("reverse", "reverse(列表)", "倒过来", "reverse([1, 2, 3])", "[3, 2, 1]"),
        ("sublist", "sublist(列表, 从, 几个)", "取一段", "sublist([1, 2, 3, 4], 2, 2)", "[2, 3]"),
        ("index of", "index of(列表, 值)", "在第几个，可能不止一处", 'index of(["甲", "乙", "甲"], "甲")', "[1, 3]"),
        ("sort", "sort(列表, 先后)", "排序", "sort([3, 1, 2], function(甲, 乙) 甲 < 乙)", "[1, 2, 3]"),
    ),
    *_list(
        "date",
        ("date", "date(文字) 或 date(年, 月, 日)", "日期", "date(2026, 11, 24)", 'date("2026-11-24")'),
        ("time", "time(文字) 或 time(时, 分, 秒)", "一天里的时刻", "time(9, 30, 0)", 'time("09:30:00")'),
        (
            "date and time",
            "date and time(文字) 或 date and time(日期, 时刻)",
            "某一刻",
            'date and time(date("2026-11-24"), time("09:30:00"))',
            'date and time("2026-11-24T09:30:00")',
        ),
        (
            "duration",
            "duration(文字)",
            "时长，写法 P1DT2H 或 P1Y2M",
            'date("2026-11-24") + duration("P10D")',
            'date("2026-12-04")',
        ),
        (
            "years and months duration",
            "years and months duration(从, 到)",
            "相隔几年几个月，零头的天数不算",
            'years and months duration(date("2024-01-01"), date("2026-03-05"))',
            'duration("P2Y2M")',
        ),
        ("now", "now()", "现在", 'now() > date and time("2026-11-24T09:00:00+08:00")', "true"),
        ("today", "today()", "今天，按北京时间", "today()", 'date("2026-11-24")'),
        (".year", "日期.year，另有 month、day、hour、minute、second、weekday", "日期的一部分", "today().month", "11"),
        ("day of week", "day of week(日期)", "星期几，英文", 'day of week(date("2026-11-24"))', '"Tuesday"'),
        ("day of year", "day of year(日期)", "一年里的第几天", 'day of year(date("2026-02-01"))', "32"),
        ("month of year", "month of year(日期)", "几月，英文", 'month of year(date("2026-11-24"))', '"November"'),
        ("week of year", "week of year(日期)", "一年里的第几周", 'week of year(date("2026-11-24"))', "48"),
    ),
    *_list(
        "context",
        ("{ }", "{名: 值, …}", "写一个上下文，后面的项可以用前面的", "{长: 3, 宽: 4, 面积: 长 * 宽}.面积", "12"),
        ("get value", "get value(上下文, 名)", "按名字取一项", 'get value({面积: 300}, "面积")', "300"),
        (
            "get entries",
            "get entries(上下文)",
            "所有的项，各有 key 和 value",
            "get entries({面积: 300})",
            '[{key: "面积", value: 300}]',
        ),
        (
            "context",
            "context(列表)",
            "由 key 和 value 组成上下文",
            'context([{key: "面积", value: 300}])',
            "{面积: 300}",
        ),
        (
            "context put",
            "context put(上下文, 名, 值)",
            "加上或换掉一项",
            'context put({面积: 300}, "层数", 6)',
            "{面积: 300, 层数: 6}",
        ),
        (
            "context merge",
            "context merge(上下文, 上下文)",
            "合并，后面的为准",
            "context merge([{面积: 300}, {面积: 280}])",
            "{面积: 280}",
        ),
    ),
    *_list(
        "range",
        ("[1..5]", "[低..高]，圆括号表示不含这一端", "一个区间", "5 in (1..5]", "true"),
        ("before", "before(甲, 乙)", "甲在乙之前，不重叠", "before([1..3], [4..6])", "true"),
        ("after", "after(甲, 乙)", "甲在乙之后，不重叠", "after(7, [4..6])", "true"),
        ("meets", "meets(甲, 乙)", "甲的末端正是乙的起点", "meets([1..3], [3..6])", "true"),
        ("met by", "met by(甲, 乙)", "甲的起点正是乙的末端", "met by([3..6], [1..3])", "true"),
        ("overlaps", "overlaps(甲, 乙)", "两个区间有重叠", "overlaps([1..4], [3..6])", "true"),
        (
            "overlaps before",
            "overlaps before(甲, 乙)",
            "甲先开始，重叠一段后先结束",
            "overlaps before([1..4], [3..6])",
            "true",
        ),
        (
            "overlaps after",
            "overlaps after(甲, 乙)",
            "甲后开始，重叠一段后结束",
            "overlaps after([3..6], [1..4])",
            "true",
        ),
        ("includes", "includes(区间, 值或区间)", "完全包含", "includes([1..10], 5)", "true"),
        ("during", "during(值或区间, 区间)", "完全落在里面", "during([4..6], [1..10])", "true"),
        ("starts", "starts(值或区间, 区间)", "从同一点开始，不更长", "starts([1..3], [1..10])", "true"),
        ("started by", "started by(区间, 值或区间)", "与 starts 相反", "started by([1..10], 1)", "true"),
        ("finishes", "finishes(值或区间, 区间)", "在同一点结束，不更长", "finishes(10, [1..10])", "true"),
        ("finished by", "finished by(区间, 值或区间)", "与 finishes 相反", "finished by([1..10], [5..10])", "true"),
        ("coincides", "coincides(甲, 乙)", "完全相同", "coincides([1..5], [1..5])", "true"),
    ),
    *_list(
        "logic",
        ("not", "not(条件)", "相反", 'not("市政" = "房建")', "true"),
        ("is", "is(甲, 乙)", "类型和值都相同", 'is(date("2026-11-24"), date and time("2026-11-24T00:00:00"))', "false"),
        ("= null", "值 = null", "有没有值；条件里用到不存在的变量是错误", "{面积: null}.面积 = null", "true"),
    ),
)
