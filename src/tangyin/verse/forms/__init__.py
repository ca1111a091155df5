"""The forms of verse as data: one module a family, found by looking into this folder.

A module has `FORMS`, a tuple of `tangyin.verse.Form`. A new form is a new module, such as

    from tangyin.verse.form import Form

    FORMS = (Form("六言絕句", "liujue", lines=4, characters=6),)
"""
