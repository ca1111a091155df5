"""The report page: blocks of text, tables and figures, rendered to HTML and to Markdown."""
