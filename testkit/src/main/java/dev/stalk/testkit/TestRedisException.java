package dev.stalk.testkit;

import org.jspecify.annotations.Nullable;

/** There is no Redis to test with; the message says what can be done about it. */
public final class TestRedisException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TestRedisException(String message, @Nullable Throwable cause) {
    super(
        message
            + " Either add com.github.codemonstur:embedded-redis to the test's dependencies, or"
            + " name a server's program by the property "
            + TestRedis.SERVER
            + " or the variable "
            + TestRedis.SERVER_VARIABLE
            + ", or a running server by "
            + TestRedis.URL
            + " or "
            + TestRedis.URL_VARIABLE
            + ", or run the test in memory.",
        cause);
  }
}
