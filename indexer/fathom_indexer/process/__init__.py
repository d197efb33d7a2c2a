"""The engine as a process that editors and the command line share: where it is met, how it is asked, when it ends."""
