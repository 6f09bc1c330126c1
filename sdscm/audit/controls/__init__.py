"""Controls of an audit: effects that are known in advance."""
