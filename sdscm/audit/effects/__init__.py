"""Effects that an audit measures in one phrasing."""
