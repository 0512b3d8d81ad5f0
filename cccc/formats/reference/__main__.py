"""``python -m cccc.formats.reference`` prints the page; a test holds the file against it."""

from __future__ import annotations

import sys

from cccc.formats.reference.page import page

sys.stdout.write(page())
