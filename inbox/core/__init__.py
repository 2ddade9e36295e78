"""What every feature stands on: settings, database, stream, jobs, live, web."""
