TITLE = "Links"
