package dev.stalk.broker.message;

/**
 * How an exchange finds the queues of a routing key. Redis stores no types: every process goes by
 * what it was told itself, as in kombu (kombu {@code transport/virtual/base.py:Channel.typeof}).
 */
public enum ExchangeType {
  /** To the queues bound by exactly this key. */
  DIRECT,
  /** To the queues bound by a pattern of words that matches the key. */
  TOPIC,
  /** To everybody who is subscribed at this moment; nothing is stored. */
  FANOUT
}
