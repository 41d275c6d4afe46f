"""Commands for what Kimai's web pages were used for: a module a noun."""
