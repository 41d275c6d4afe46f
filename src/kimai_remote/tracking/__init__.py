"""Time tracking: what the methods of the API mean. Knows neither Spyne nor HTTP."""
