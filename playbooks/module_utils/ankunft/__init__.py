"""What a customer holds on a server, in plain Python: the one library below the account roles.

It runs in three places: inside Ansible on the server itself (action plugins), as an Ansible module under a
server's own Python over SSH, and in the tests. So it imports the standard library and PyMySQL, nothing else,
and its modules import each other relatively. It knows accounts and a host's folders; it never knows orders.
"""
