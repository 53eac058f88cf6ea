"""What the machine has, what a model needs, and the plan that fits the two."""
