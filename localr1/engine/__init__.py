"""The worker process that holds the model, and the client that speaks to it."""
