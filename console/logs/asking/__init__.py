"""What a question does: lines → the filter → records or a table, with what was covered."""
