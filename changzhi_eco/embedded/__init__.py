"""PostgreSQL and Redis out of the virtual environment, for the demonstration and the tests; never for production."""
