"""Papers: numbering, the PDF, its signature, the QR code, verification. For every area that issues one."""
