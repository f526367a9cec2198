TITLE = "Bold"
