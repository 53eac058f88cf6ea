"""A conversation with one model: plan, engine and history behind one object without a UI."""
