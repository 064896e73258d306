package dev.stalk.broker.codec;

import org.jspecify.annotations.Nullable;

/**
 * A value cannot be written as a message or result: it has no form there, is nested too deeply, or
 * would be misread on the other side, is too large, or needs a library that is not there. Nothing
 * has been sent.
 */
public class EncodingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public EncodingException(String message) {
    super(message);
  }

  public EncodingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
