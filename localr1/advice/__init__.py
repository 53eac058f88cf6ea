"""What combines facts of machine, engine and model into advice: `localr1 doctor`."""
