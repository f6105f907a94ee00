"""Deletes Twilio SendGrid Marketing contacts.

A message goes through handlers, queue_function, deliveries, requests, ledger, deletion and sendgrid, and its outcome
through notifications and responses.
"""
