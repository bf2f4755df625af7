"""One module a format. Each takes stored rows and gives text, bytes or plain values; no I/O."""
