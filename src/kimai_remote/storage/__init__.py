"""The cellar: models, engine, transactions and schema. Knows nothing of what a call means."""
