"""Tools that several estimators share."""
