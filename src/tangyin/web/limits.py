"""Limits of requests, and how long the server waits."""

BODY = 16_384  # Bytes of a request's body
TEXT = 2_000  # Characters of a text: 8 lines of 7 are 64 with their marks
WORDS = 200  # Characters of a short option such as `avoid`
WORDS_MANY = 20  # Values of an option that may be repeated
ROWS = 200  # Lines of a sheet; the longest tune has 55
COUNT = 20  # Poems of one request
K = 20_000  # Characters to choose among under random-k
PARTICLES = 128  # Particles of a regulated poem
POEMS = 20  # Poems of one check or score
NEXT = 8  # Next characters shown at each step of a trace
CANDIDATES = 50  # Candidates shown at a place
LINES = 12  # Ways to write a line side by side
LOOKED_UP = 200  # Lines, characters or words of one look-up
WAITING = 64  # Requests that are worked on or wait; one more is refused as too many
QUICK_WORKERS = 2  # Threads for what takes no writing, such as checks; poems have their own
PATIENCE = 10.0  # Seconds of work before a request, estimated; with more it is refused
SECONDS = 30.0  # Time limit of one request, waiting included
HEAD_SECONDS = 10.0  # Time limit for the head of a request
BODY_SECONDS = 10.0  # Time limit for the body of a request
CONNECTIONS = 2_048  # Open connections; for one more, that which waited longest is closed
WRITERS = 3  # Models kept in memory besides the default one
