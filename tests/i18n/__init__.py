"""The interface's languages: nothing untranslated, nothing outside gettext."""
