FIVE, SEVEN = "日月山川人", "日月山川天地人"
