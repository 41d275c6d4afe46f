"""What an administrator changes: people, what they work on, rates, options.

Plain functions on a session, for whoever may do everything; nothing here asks for rights.
"""
