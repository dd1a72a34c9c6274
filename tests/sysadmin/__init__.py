"""What a system administrator does on a hosting server: log in as root by SSH, look, run a playbook by hand."""
