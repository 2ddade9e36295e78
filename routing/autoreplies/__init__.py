"""Auto-replies: what subscribers are told while nobody is here, and a greeting."""
