"""What a file is by its content, and the ones that are refused."""

from pathlib import Path

import pikepdf
import pytest
from builders_files import EXCEL, WORD, a_pdf, a_picture, a_zip

from server.errors import Invalid
from server.files import kinds
from server.files.headers import for_download
from server.files.models import StoredFile


def examine(tmp_path: Path, data: bytes, name: str, accept=kinds.DOCUMENTS) -> str:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return kinds.examine(path, kinds.clean_name(name), accept)


def script(document):
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def script_out_of_sight(document):
    hidden = document.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")))
    document.pages[0].AA = pikepdf.Dictionary(O=hidden)


def attachment(document):
    document.attachments["a.exe"] = b"MZ"


def launch(document):
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe"))


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (a_pdf(), "施工图.pdf", kinds.PDF),
        (a_pdf(), "SCAN.PDF", kinds.PDF),
        (a_pdf(), "没有后缀", kinds.PDF),
        (a_picture(), "现场.png", kinds.PNG),
        (a_picture("JPEG"), "现场.jpeg", kinds.JPEG),
        (a_picture("JPEG") + b"\x00motion photo mp4 data" * 9, "手机动态照片.jpg", kinds.JPEG),
    ],
)
def test_documents_are_known_by_their_content(tmp_path, data, name, media_type):
    assert examine(tmp_path, data, name) == media_type


@pytest.mark.parametrize(
    ("data", "name", "code", "words"),
    [
        (b"", "空.pdf", "FILE_EMPTY", "是空的"),
        (b"\x00" * 500, "空.pdf", "FILE_EMPTY", "是空的"),
        (WORD, "方案.pdf", "FILE_TYPE", "Word 文件。请另存为 PDF 再上传"),
        (WORD, "方案.docx", "FILE_TYPE", "Word 文件。请另存为 PDF 再上传"),
        (EXCEL, "清单.xlsx", "FILE_TYPE", "Excel 表格。请另存为 PDF"),
        (a_zip("OFD.xml"), "证照.ofd", "FILE_TYPE", "OFD 文件"),
        (a_zip("a.txt"), "全部材料.zip", "FILE_TYPE", "压缩包。请解压后逐个上传"),
        (b"MZ\x90\x00" + b"x" * 99, "施工图.pdf", "FILE_TYPE", "程序"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "图.png", "FILE_TYPE", "网页或 XML 文件"),
        (b"  <svg xmlns='http://www.w3.org/2000/svg'/>", "图.svg", "FILE_TYPE", "网页或 XML 文件"),
        (b"\x00\x00\x00\x18ftypheic" + b"x" * 99, "照片.heic", "FILE_TYPE", "HEIC 图片"),
        (b"AC1032" + b"x" * 99, "总图.dwg", "FILE_TYPE", "CAD 图纸。请打印成 PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "方案.doc", "FILE_TYPE", "旧版 Office"),
        (a_picture(), "现场.pdf", "FILE_NAME_LIES", "内容其实是 PNG 图片"),
        (a_pdf(), "说明.jpg", "FILE_NAME_LIES", "后缀是 .jpg，内容其实是 PDF"),
        (a_pdf(), "施工图.pdf.exe", "FILE_NAME_LIES", "后缀是 .exe"),
        (a_pdf()[:300], "断了.pdf", "FILE_BROKEN", "可能没有传完整"),
        (a_picture()[:40], "断了.png", "FILE_BROKEN", "可能没有传完整"),
        (a_pdf(script), "a.pdf", "FILE_ACTIVE", "脚本"),
        (
            a_pdf(script_out_of_sight, object_stream_mode=pikepdf.ObjectStreamMode.generate),
            "a.pdf",
            "FILE_ACTIVE",
            "脚本",
        ),
        (a_pdf(attachment), "a.pdf", "FILE_ACTIVE", "内嵌附件"),
        (a_pdf(launch), "a.pdf", "FILE_ACTIVE", "启动程序"),
        (a_pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "a.pdf", "FILE_LOCKED", "密码"),
        (a_pdf(encryption=pikepdf.Encryption(owner="o", user="")), "a.pdf", "FILE_LOCKED", "密码"),
        (a_pdf() + a_zip("evil.txt"), "a.pdf", "FILE_TWOFOLD", "压缩包"),
        (a_pdf() + a_zip("evil.txt") + b"\n\n", "a.pdf", "FILE_TWOFOLD", "压缩包"),
        (a_picture() + a_zip("evil.txt"), "a.png", "FILE_TWOFOLD", "压缩包"),
        (a_picture("JPEG") + b"<script>alert(1)</script>", "a.jpg", "FILE_TWOFOLD", "别的内容"),
        (a_picture("JPEG") + a_pdf(), "a.jpg", "FILE_TWOFOLD", "别的内容"),
        (b"junk before\n" + a_pdf(), "a.pdf", "FILE_TYPE", "前面夹了别的内容"),
    ],
)
def test_what_is_refused_is_told_why_and_what_to_do(tmp_path, data, name, code, words):
    with pytest.raises(Invalid) as caught:
        examine(tmp_path, data, name)
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.fields["file"] == [caught.value.message]


def test_where_a_pdf_is_asked_for_a_picture_is_not_taken(tmp_path):
    with pytest.raises(Invalid, match="这里只收 PDF"):
        examine(tmp_path, a_picture(), "现场.png", kinds.PDF_ONLY)


def test_where_a_table_is_asked_for_excel_is_taken_but_not_with_macros(tmp_path):
    assert examine(tmp_path, EXCEL, "清单.xlsx", kinds.SPREADSHEET) == kinds.XLSX
    with pytest.raises(Invalid, match="宏"):
        examine(
            tmp_path,
            a_zip("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
            "清单.xlsx",
            kinds.SPREADSHEET,
        )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\用户\\图 纸.pdf", "图 纸.pdf"),
        ("../../etc/passwd", "passwd"),
        ("cod\u202efdp.exe", "codfdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("", "未命名"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_only_a_name(given, kept):
    assert kinds.clean_name(given) == kept


def test_a_download_says_its_true_type_and_runs_nothing():
    file = StoredFile(sha256="ab" * 32, name='河湾府"总图.pdf', size=1, media_type=kinds.PDF)
    headers = for_download(file)
    assert headers["Content-Type"] == "application/pdf"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith('attachment; filename="____')
    assert "%E6%B2%B3" in headers["Content-Disposition"]
    assert for_download(file, inline=True)["Content-Disposition"].startswith("inline")
    table = StoredFile(sha256="ab" * 32, name="a.xlsx", size=1, media_type=kinds.XLSX)
    assert for_download(table, inline=True)["Content-Disposition"].startswith("attachment")
