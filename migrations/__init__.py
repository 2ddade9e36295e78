"""Database migrations, shipped with the wheel."""
