"""Consumers of the case table's stream, of the event bus and of schedules."""
