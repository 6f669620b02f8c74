"""What marshmallow says when an argument is wrong, in Chinese and with the way out.

Fields take their words when they are made, so this is in place as soon as it is imported: ``server.web.api`` does so
before any module with schemas.
"""

from marshmallow import Schema, fields, validate

FIELD = {
    "required": "请填写这一项。",
    "null": "这一项不能为空。",
    "validator_failed": "这一项的值不符合要求。",
}
BY_TYPE: dict[type[fields.Field], dict[str, str]] = {
    fields.String: {"invalid": "请填写文字。", "invalid_utf8": "文字的编码不对，请用 UTF-8。"},
    fields.Integer: {"invalid": "请填写整数。", "too_large": "数字太大。"},
    fields.Number: {"invalid": "请填写数字。", "too_large": "数字太大。"},
    fields.Decimal: {"invalid": "请填写数字。", "special": "请填写普通的数字。"},
    fields.Boolean: {"invalid": "请填写 true 或 false。"},
    fields.Date: {"invalid": "请按“2026-03-02”的样子填写日期。", "format": "“{input}”不能写成日期。"},
    fields.DateTime: {"invalid": "请按 ISO 8601 填写时刻，例如 2026-03-02T09:00:00+08:00。"},
    fields.AwareDateTime: {"invalid_awareness": "请写明时区，例如 2026-03-02T09:00:00+08:00。"},
    fields.Time: {"invalid": "请按“17:30”的样子填写时间。"},
    fields.List: {"invalid": "请填写一个列表。"},
    fields.Dict: {"invalid": "请填写一组名称和值。"},
    fields.Mapping: {"invalid": "请填写一组名称和值。"},
    fields.Nested: {"type": "这一项的内容读不懂，请按接口说明填写。"},
    fields.UUID: {"invalid_uuid": "请填写有效的编号。"},
}


def _install() -> None:
    fields.Field.default_error_messages.update(FIELD)
    for kind, messages in BY_TYPE.items():
        kind.default_error_messages = {**kind.default_error_messages, **messages}
    Schema.error_messages = {"unknown": "没有这一项，请去掉。", "type": "发来的内容读不懂，请按接口说明填写。"}
    validate.Length.message_min = "至少 {min} 个字（项）。"
    validate.Length.message_max = "最多 {max} 个字（项）。"
    validate.Length.message_all = "请填写 {min} 到 {max} 个字（项）。"
    validate.Length.message_equal = "请正好填写 {equal} 个字（项）。"
    validate.Range.message_min = "不能小于 {{min}}。"
    validate.Range.message_max = "不能大于 {{max}}。"
    validate.Range.message_all = "请填写 {{min}} 到 {{max}} 之间的数。"
    validate.OneOf.default_message = "请从这些里选一个：{choices}。"
    validate.Regexp.default_message = "格式不对，请检查后重填。"
    validate.ContainsOnly.default_message = "里面有不能选的项。"


_install()
