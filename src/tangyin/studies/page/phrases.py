"""Headings that both pages share."""

SUMMARY = "提要 What was found"
SUMMARY_HEAD = ("報告之說 The report says", "今測 Found here", "數 Number")
CONTENTS = "目錄 Contents"
READING = "讀法 How to read the numbers, and what none of them shows"
LIMITS = "不能說明 What this cannot show."
