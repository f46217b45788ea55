"""Rule files: read, validated on load, never half-used."""
