"""The error codes of JSON-RPC 2.0, and our own: client and server agree on them."""

NOT_JSON, NOT_A_REQUEST, NO_SUCH_METHOD, WRONG_PARAMS, OUR_FAULT = -32700, -32600, -32601, -32602, -32603
# Our own range, -32000 to -32099: the camera said no; the caller is not allowed in; too many callers.
REFUSED, NOT_ALLOWED, TOO_MANY = -32000, -32001, -32002
