"""The kitchen: what the methods mean. Plain values in, plain rows out; no Spyne, no HTTP."""
