"""The official task list from an Excel sheet: its rows as text, then what each would do to a plan's tasks."""
