"""A small service that keeps notes and draws badges."""
