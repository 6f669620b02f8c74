"""Uploads: a content-addressed store. The file is on disk, whole and safe, before its row exists."""
