package dev.stalk.peers;

/** Redis answered with an error, such as {@code NOAUTH Authentication required.} */
final class RedisErrorReply extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  RedisErrorReply(String reply) {
    super(reply);
  }

  /** The server is up, but still reads its data from disk. */
  boolean isLoading() {
    return String.valueOf(getMessage()).startsWith("LOADING");
  }
}
