"""`bigcharge demo`: signed webhooks become charged orders, and the gateway's own book is the judge."""
