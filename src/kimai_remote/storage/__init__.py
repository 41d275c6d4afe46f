"""Storage: models, dialects, transactions and schema. Knows nothing of the API's methods."""
