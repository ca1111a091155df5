"""How much one client may ask for, and how long the server waits."""

BODY = 16_384
"""Bytes of a request's body."""

TEXT = 2_000
"""Characters of a text: 8 lines of 7 are 64 with their marks."""

WORDS = 200
"""Characters of a short option such as `avoid`."""

COUNT = 20
"""Poems of one request."""

PARTICLES = 128
"""Particles of a regulated poem."""

POEMS = 20
"""Poems of one check or score."""

CANDIDATES = 50
"""Candidates shown at a place."""

WAITING = 64
"""Requests that are worked on or wait; one more is told to come back."""

PATIENCE = 10.0
"""Seconds of work before a request, by what others took, from which it is told to come back."""

SECONDS = 30.0
"""Time of one request, waiting included."""

HEAD_SECONDS = 10.0
"""Time in which the head of a request has to arrive."""

BODY_SECONDS = 10.0
"""Time in which a request's body has to arrive."""

CONNECTIONS = 512
"""Open connections; one more is answered 503 by uvicorn."""

WRITERS = 3
"""Models kept in memory beside the default one."""
