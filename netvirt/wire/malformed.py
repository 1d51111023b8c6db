"""The one way in which bytes refuse to be read."""


class Malformed(ValueError):
    """These bytes are not what their place on the wire promises; the message is a short human reason.

    The world sends such bytes, so this is an outcome to report, never a fault of the program.
    """
