"""nbgrader's exchange: what students hand in comes from there, and feedback goes back, within seconds if one watches it."""
