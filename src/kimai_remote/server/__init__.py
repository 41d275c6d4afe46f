"""Running the service: process model, preparation, logging."""
