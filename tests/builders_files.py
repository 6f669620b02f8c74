"""Small files of every kind, right and wrong."""

import io
import zipfile

import pikepdf
from PIL import Image


def a_pdf(change=None, **save) -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    if change:
        change(document)
    out = io.BytesIO()
    document.save(out, **save)
    return out.getvalue()


def a_picture(form="PNG", size=(8, 8)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, form)
    return out.getvalue()


def a_zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 100)
    return out.getvalue()


WORD = a_zip("[Content_Types].xml", "word/document.xml")
EXCEL = a_zip("[Content_Types].xml", "xl/workbook.xml")
