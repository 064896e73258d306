package dev.stalk.broker.codec;

/** How values that JSON has no form for are written as JSON. Both forms are read, always. */
public enum JsonTypes {
  /**
   * Marked with their type: {@code {"__type__": "date", "__value__": "2024-01-02"}}, which kombu
   * reads since 5.3 (kombu {@code utils/json.py}).
   */
  MARKED,

  /**
   * As bare text, the only form kombu knows up to 5.2; bytes have none. For peers that would take a
   * marked value for a dict.
   */
  PLAIN
}
