"""Which model a person means and where its file is."""
