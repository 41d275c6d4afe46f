"""Steps from one version of the schema to the next, run by :mod:`.runner`.

Each says the oldest version whose programs can serve the schema afterwards, and on MariaDB
meanwhile (``SERVES``): they can if the step adds tables, indexes, or columns that have a default,
and changes nothing that these programs read, write or create.
"""
