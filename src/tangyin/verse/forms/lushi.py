"""律詩: regulated verse of eight lines."""

from tangyin.verse.form import Form

WULV = Form("五律", "wulv", lines=8, characters=5, regulated=True, in_corpus=True)
QILV = Form("七律", "qilv", lines=8, characters=7, regulated=True, in_corpus=True)

FORMS = (WULV, QILV)
