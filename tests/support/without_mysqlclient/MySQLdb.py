"""Hides mysqlclient from all processes of a test run, as if it weren't installed; see --pymysql."""

raise ImportError("hidden by --pymysql")
