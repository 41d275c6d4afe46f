"""What ``kimai-remote doctor`` looks at. Nothing is changed, made or removed by any check."""
