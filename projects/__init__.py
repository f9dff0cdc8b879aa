"""The register of work: programmes, projects, and what can be tied, watched or evidenced."""
