"""Deletes Twilio SendGrid Marketing contacts. The way through: handlers, inbound, request, ledger, deletion, reply."""
