"""Replies by code: the page says them in the reader's language, so that nobody at a desk needs to speak it.

The codes are fixed here with what they mean to whoever chooses them; their words in each language are the page's, and may
be changed as signed words (`phrase.<code>`).
"""

from __future__ import annotations

from typing import Final

PHRASES: Final[dict[str, str]] = {
    "received": "We have read what you sent.",
    "in-hand": "Somebody is working on it.",
    "wait": "Please wait. We will write here again; look tomorrow.",
    "more": "Please tell us more: when, where, how many people.",
    "reach": "Please tell us how we can reach you safely.",
    "stay": "Stay where you are, if you can.",
    "leave": "If you can leave safely, do so now. Take nothing with you that names others.",
    "warned": "Those you named have been warned.",
    "not-us": "We cannot help with this ourselves.",
    "elsewhere": "Others can help. How to reach them stands below.",
    "erased": "What you sent has been erased here. The sealed copy goes with its day, within 14 days.",
    "done": "We close this here. Keep your words: you can write again.",
}
"""By code, what it says."""
