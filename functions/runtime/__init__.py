"""How the functions are put together: settings, wiring, observability."""
