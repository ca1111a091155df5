"""絕句: regulated verse of four lines."""

from tangyin.verse.form import Form

WUJUE = Form("五絕", "wujue", lines=4, characters=5, regulated=True, in_corpus=True)
QIJUE = Form("七絕", "qijue", lines=4, characters=7, regulated=True, in_corpus=True)

FORMS = (WUJUE, QIJUE)
