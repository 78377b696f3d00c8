"""The pure heart: what a case is, what the law says of it, and who may do what."""
