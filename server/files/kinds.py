"""What a file is, by its content, and whether it is safe to keep and show.

The name is only compared with the content, never believed. A file that is two things at once (a picture with an archive
behind it) or that can act by itself (a PDF with scripts) is refused.
"""

import mmap
import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import puremagic
from PIL import Image, UnidentifiedImageError

from server.errors import Invalid

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCUMENTS = frozenset({PDF, JPEG, PNG})
PDF_ONLY = frozenset({PDF})
SPREADSHEET = frozenset({XLSX})

ENDINGS = {PDF: (".pdf",), JPEG: (".jpg", ".jpeg"), PNG: (".png",), DOCX: (".docx",), XLSX: (".xlsx",)}
WORDS = {PDF: "PDF", JPEG: "JPG 图片", PNG: "PNG 图片", DOCX: "Word 文件", XLSX: "Excel 表格"}

# Kinds we do not take, by how they begin, so that the refusal can name them.
_FOREIGN: tuple[tuple[bytes, int, str, str], ...] = (
    (b"MZ", 0, "程序", "请不要上传程序"),
    (b"\x7fELF", 0, "程序", "请不要上传程序"),
    (b"#!", 0, "脚本", "请不要上传脚本"),
    (b"Rar!", 0, "压缩包", "请解压后逐个上传"),
    (b"7z\xbc\xaf\x27\x1c", 0, "压缩包", "请解压后逐个上传"),
    (b"\x1f\x8b", 0, "压缩包", "请解压后逐个上传"),
    (b"\xd0\xcf\x11\xe0", 0, "旧版 Office 文件", "请另存为 PDF 再上传"),
    (b"{\\rtf", 0, "RTF 文件", "请另存为 PDF 再上传"),
    (b"AC10", 0, "CAD 图纸", "请打印成 PDF 再上传"),
    (b"ftypheic", 4, "HEIC 图片", "请在手机上改成“兼容性最佳”拍照，或另存为 JPG 再上传"),
    (b"ftypmif1", 4, "HEIC 图片", "请另存为 JPG 再上传"),
    (b"ftyp", 4, "视频", "请截图或打印成 PDF 再上传"),
    (b"GIF8", 0, "GIF 图片", "请另存为 JPG 或 PNG 再上传"),
    (b"BM", 0, "BMP 图片", "请另存为 JPG 或 PNG 再上传"),
    (b"RIFF", 0, "WebP 图片或视频", "请另存为 JPG 或 PNG 再上传"),
    (b"II*\x00", 0, "TIFF 图片", "请另存为 PDF 或 JPG 再上传"),
    (b"MM\x00*", 0, "TIFF 图片", "请另存为 PDF 或 JPG 再上传"),
)
_PIXELS = 200_000_000  # a plan scanned at 600 dpi on A1; beyond that a picture is a bomb
_TAIL = 66_000  # a ZIP directory ends within the last 64 KB
# Names that let a PDF act or carry something, wherever they stand in its objects.
_ACTIVE = {
    "/JavaScript": "脚本",
    "/JS": "脚本",
    "/Launch": "启动程序的动作",
    "/EmbeddedFiles": "内嵌附件",
    "/EmbeddedFile": "内嵌附件",
    "/RichMedia": "内嵌多媒体",
    "/XFA": "动态表单",
    "/SubmitForm": "外发数据的动作",
    "/ImportData": "导入数据的动作",
    "/GoToE": "跳到内嵌附件的动作",
}


@dataclass(frozen=True)
class Found:
    """What the content is; ``media_type`` is empty for what we have no use for, ``cure`` says what to do then."""

    media_type: str
    words: str
    cure: str = ""


def clean_name(filename: str) -> str:
    """The last part of a name, without control and direction-changing characters, at most 120 characters."""
    name = re.split(r"[/\\]", filename)[-1]
    name = "".join(
        c for c in name if c.isprintable() and c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    name = name.strip(" .") or "未命名"
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: 119 - len(ending)]}.{ending}"
    return name[:120]


def examine(path: Path, name: str, accept: frozenset[str]) -> str:
    """The media type of the file at ``path``; ``Invalid`` when it is not accepted, lies about itself or is unsafe."""
    found = _recognise(path)
    wanted = "、".join(WORDS[kind] for kind in (PDF, JPEG, PNG, XLSX, DOCX) if kind in accept)
    if found.media_type not in accept:
        cure = found.cure or f"这里只收 {wanted}"
        raise _refused(
            "FILE_TYPE",
            f"“{name}”是{_a(found.words)}。{cure}。"
            if found.words
            else f"“{name}”认不出是什么文件。这里只收 {wanted}。",
        )
    ending = Path(name).suffix.lower()
    if ending and ending not in ENDINGS[found.media_type]:
        raise _refused(
            "FILE_NAME_LIES",
            f"文件名“{name}”的后缀是 {ending}，内容其实是{_a(found.words)}。请核对是不是传错了，或把后缀改成 {ENDINGS[found.media_type][0]}。",
        )
    if found.media_type == PDF:
        _check_pdf(path, name)
    elif found.media_type in (JPEG, PNG):
        _check_picture(path, name, found.media_type)
    else:
        _check_office(path, name)
    return found.media_type


def with_ending(name: str, media_type: str) -> str:
    """The name, with the right ending when it has none."""
    return name if Path(name).suffix else name + ENDINGS[media_type][0]


def _recognise(path: Path) -> Found:
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip(b"\x00"):
        raise _refused("FILE_EMPTY", "这个文件是空的。请打开原文件看看，再重新上传。")
    if head.startswith(b"%PDF-"):
        return Found(PDF, WORDS[PDF])
    if head.startswith(b"\xff\xd8\xff"):
        return Found(JPEG, WORDS[JPEG])
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Found(PNG, WORDS[PNG])
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(path)
    for mark, place, words, cure in _FOREIGN:
        if head[place:].startswith(mark):
            return Found("", words, cure)
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<script", b"<?php")):
        return Found("", "网页或 XML 文件", "请另存为 PDF 再上传")
    if b"%PDF-" in head[:1024]:
        return Found("", "前面夹了别的内容的 PDF", "请重新导出 PDF 再上传")
    try:
        guess = puremagic.from_string(head)
    except (puremagic.PureError, ValueError):
        guess = ""
    return Found("", f" {guess} 文件" if guess else "", "")


def _archive(path: Path) -> Found:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:5000])
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return Found("", "损坏的压缩包", "请另存为 PDF 再上传")
    if "[Content_Types].xml" in names:
        if any(name.startswith("word/") for name in names):
            return Found(DOCX, WORDS[DOCX], "请另存为 PDF 再上传")
        if any(name.startswith("xl/") for name in names):
            return Found(XLSX, WORDS[XLSX], "请另存为 PDF 再上传")
        if any(name.startswith("ppt/") for name in names):
            return Found("", "幻灯片", "请另存为 PDF 再上传")
    if "OFD.xml" in names:
        return Found("", "OFD 文件", "请另存为 PDF 再上传")
    return Found("", "压缩包", "请解压后逐个上传")


def _check_pdf(path: Path, name: str) -> None:
    _no_archive_behind(path, name)
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2048))
        if b"%%EOF" not in file.read():  # the reader would mend it silently, with pages missing
            raise _refused("FILE_BROKEN", f"“{name}”后半截不在，可能没有传完整。请用阅读器打开看看，再重新上传。")
    try:
        with pikepdf.open(path) as document:
            if document.is_encrypted:
                raise _refused("FILE_LOCKED", f"“{name}”加了密码或限制，审批人员打不开。请去掉密码再上传。")
            if len(document.pages) == 0:
                raise _refused("FILE_BROKEN", f"“{name}”里一页也没有。请重新导出 PDF 再上传。")
            for thing in document.objects:
                if words := _active(thing):
                    raise _refused(
                        "FILE_ACTIVE", f"“{name}”里有{words}，为了安全不收。请用“打印为 PDF”重新导出再上传。"
                    )
    except pikepdf.PasswordError:
        raise _refused("FILE_LOCKED", f"“{name}”加了密码，审批人员打不开。请去掉密码再上传。") from None
    except (pikepdf.PdfError, RuntimeError, ValueError):
        raise _refused("FILE_BROKEN", f"“{name}”打不开，可能没有传完整。请用阅读器打开看看，再重新导出上传。") from None


def _active(thing: pikepdf.Object, depth: int = 0) -> str:
    """What in this object could act, in words; indirect references are not followed: each object is visited itself."""
    if depth > 30:
        return "嵌套过深的结构"
    if isinstance(thing, pikepdf.Stream):
        thing = thing.stream_dict
    if isinstance(thing, pikepdf.Dictionary):
        for key in thing.keys():  # noqa: SIM118 - not a Python dict
            if key in _ACTIVE:
                return _ACTIVE[key]
            value = thing[key]
            if isinstance(value, pikepdf.Name) and str(value) in _ACTIVE and key in ("/S", "/Type", "/Subtype"):
                return _ACTIVE[str(value)]
            direct = isinstance(value, pikepdf.Object) and not value.is_indirect
            if direct and (words := _active(value, depth + 1)):
                return words
    elif isinstance(thing, pikepdf.Array):
        for value in thing:
            if isinstance(value, pikepdf.Object) and not value.is_indirect and (words := _active(value, depth + 1)):
                return words
    return ""


def _check_picture(path: Path, name: str, media_type: str) -> None:
    _no_archive_behind(path, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG" if media_type == PNG else "JPEG"]) as picture:
                width, height = picture.size
                if width * height > _PIXELS:
                    raise _refused(
                        "FILE_TOO_MANY_PIXELS", f"“{name}”有 {width}×{height} 像素，太大了。请缩小或转成 PDF 再上传。"
                    )
                picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise _refused("FILE_BROKEN", f"“{name}”这张图片打不开，可能没有传完整。请打开看看，再重新上传。") from None
    if _text_behind(path, media_type):
        raise _refused("FILE_TWOFOLD", f"“{name}”这张图片后面夹了别的内容，为了安全不收。请用看图软件另存一份再上传。")


def _no_archive_behind(path: Path, name: str) -> None:
    """No ZIP directory ends here: its end record, and before it, where the record says, the first entry."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        place = tail.rfind(b"PK\x05\x06")
        if place < 0 or len(tail) - place < 22:
            return
        start = size - len(tail) + place - int.from_bytes(tail[place + 12 : place + 16], "little")
        file.seek(max(0, start))
        if file.read(4) in (b"PK\x01\x02", b"PK\x05\x06"):
            raise _refused("FILE_TWOFOLD", f"“{name}”后面夹了一个压缩包，为了安全不收。请重新导出再上传。")


def _text_behind(path: Path, media_type: str) -> bool:
    """Markup or a PDF after the end of a picture. Cameras append data of their own (motion photos): that is let be."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        end = content.rfind(b"IEND\xaeB`\x82") + 8 if media_type == PNG else content.rfind(b"\xff\xd9") + 2
        behind = content[end : end + 1_000_000].lower()
        if media_type == JPEG:  # the last end mark may lie in what was appended: markup there is found all the same
            behind += content[-4096:].lower()
    return any(mark in behind for mark in (b"%pdf-", b"<script", b"<?php", b"<html", b"<!doctype"))


def _check_office(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > 5000 or sum(entry.file_size for entry in entries) > 500 * 1024 * 1024:
            raise _refused("FILE_BOMB", f"“{name}”解开后太大，为了安全不收。请另存一份精简的再上传。")
        for entry in entries:
            if entry.flag_bits & 1:
                raise _refused("FILE_LOCKED", f"“{name}”加了密码。请去掉密码再上传。")
            if entry.filename.startswith("/") or ".." in Path(entry.filename).parts:
                raise _refused("FILE_BROKEN", f"“{name}”的内部结构不对。请另存一份再上传。")
            if "vbaproject" in entry.filename.lower() or "/embeddings/" in entry.filename.lower():
                raise _refused("FILE_ACTIVE", f"“{name}”里有宏或内嵌对象，为了安全不收。请另存为不含宏的文件再上传。")


def _a(words: str) -> str:
    return f" {words}" if words[:1].isascii() and not words.startswith(" ") else words


def _refused(code: str, message: str) -> Invalid:
    return Invalid(message, fields={"file": [message]}, code=code)
