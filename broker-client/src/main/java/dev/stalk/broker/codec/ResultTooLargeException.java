package dev.stalk.broker.codec;

/**
 * A result is larger than {@link ContentConfig#maxResultSize()}, or than Redis takes (celery {@code
 * backends/redis.py}: {@code BackendStoreError}). Nothing has been stored.
 */
public final class ResultTooLargeException extends EncodingException {
  private static final long serialVersionUID = 1L;

  ResultTooLargeException(long size, long limit) {
    super(
        "the result is %d bytes long, and content.max-result-size is %d; store the data elsewhere and return where it is"
            .formatted(size, limit));
  }
}
