"""The operator's command line: `bigcharge`. It runs where the operator is and is never deployed."""
