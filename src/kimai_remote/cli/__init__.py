"""Administration and serving from the command line."""
