"""What the tables of the database look like, column by column.

Read by who writes a migration, by `tihuo doctor` and by the tests that hold the migrations to it. The running daemon
speaks SQL and never loads this.
"""
