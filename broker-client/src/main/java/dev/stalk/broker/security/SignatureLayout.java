package dev.stalk.broker.security;

/**
 * How signer and signature stand in a signed body (celery {@code
 * security/serialization.py:SecureSerializer._pack}). Only for writing: both are read, always, as
 * they can be told apart.
 */
public enum SignatureLayout {
  /** Each in base64 of its own: Celery since 5.5, which reads no other. */
  CELERY_5_5("celery-5.5"),

  /** As they are: Celery up to 5.4, which reads no other. */
  CELERY_5_4("celery-5.4");

  private final String word;

  SignatureLayout(String word) {
    this.word = word;
  }

  /**
   * By the word configurations use: {@code celery-5.5} or {@code celery-5.4}.
   *
   * @throws IllegalArgumentException if it is another
   */
  public static SignatureLayout of(String word) {
    for (SignatureLayout layout : values()) {
      if (layout.word.equals(word)) {
        return layout;
      }
    }
    throw new IllegalArgumentException("must be celery-5.5 or celery-5.4");
  }

  /** The word configurations use. */
  @Override
  public String toString() {
    return word;
  }
}
