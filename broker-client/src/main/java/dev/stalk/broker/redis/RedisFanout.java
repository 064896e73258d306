package dev.stalk.broker.redis;

import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.Broadcast;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Fanout;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Fanout exchanges as kombu has them: publish and subscribe, on a channel that bears the database,
 * the exchange and the routing key (kombu {@code transport/redis.py:Channel._get_publish_topic}).
 * Thread-safe.
 */
final class RedisFanout implements Fanout {
  private static final Logger log = LoggerFactory.getLogger(RedisFanout.class);

  /** How many misdirected messages are taken in at a time. */
  private static final int MISDIRECTED = 1000;

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisPool pool;
  private final RedisSubscriber subscriber;
  private final Set<Standing> subscriptions = ConcurrentHashMap.newKeySet();

  RedisFanout(RedisConfig config, RedisKeys keys, RedisPool pool, RedisSubscriber subscriber) {
    this.config = config;
    this.keys = keys;
    this.pool = pool;
    this.subscriber = subscriber;
  }

  @Override
  public long publish(Route route, byte[] message) {
    byte[] channel = RedisKeys.bytes(channel(route, route.routingKey()));
    return (Long) pool.with(connection -> connection.call(Command.PUBLISH, channel, message));
  }

  private String channel(Route route, String routingKey) {
    if (route.type() != ExchangeType.FANOUT) {
      throw new IllegalArgumentException(
          "exchange '%s' is given as %s, not as a fanout exchange"
              .formatted(route.exchange(), route.type()));
    }
    String exchange = keys.fanoutPrefix(config.broker().database()) + route.exchange();
    return routingKey.isEmpty() || !keys.fanoutPatterns() ? exchange : exchange + "/" + routingKey;
  }

  @Override
  public Subscription subscribe(String queue, Route route, Consumer<Broadcast> listener) {
    String pattern = channel(route, route.routingKey().replace('#', '*'));
    Standing standing = new Standing(queue, route, pattern, listener);
    pool.repeatable(standing::declare);
    subscriber.subscribePattern(pattern, standing);
    subscriptions.add(standing);
    standing.takeInMisdirected();
    return standing;
  }

  /**
   * Declares again what is subscribed, and hands over what was pushed to a subscriber's queue; to
   * be called from time to time.
   */
  void takeInMisdirected() {
    subscriptions.forEach(Standing::takeInMisdirected);
  }

  /** One subscription; its listener is called by one thread at a time. */
  private final class Standing implements Subscription, RedisSubscriber.Listener {
    private final String queue;
    private final Route route;
    private final String pattern;
    private final Consumer<Broadcast> listener;
    private boolean closed; // guarded by this

    Standing(String queue, Route route, String pattern, Consumer<Broadcast> listener) {
      this.queue = queue;
      this.route = route;
      this.pattern = pattern;
      this.listener = listener;
    }

    private byte[] member() {
      return keys.member(route.routingKey(), "", queue);
    }

    Object declare(RedisConnection connection) {
      connection.write(Command.SADD, keys.binding(route.exchange()), member());
      connection.write(Command.SADD, keys.permanentBinding(route.exchange()), member());
      List<Object> answers = connection.sendAndReadAll(2);
      RedisConnection.throwFirstError(answers);
      return answers;
    }

    /** Channel and payload. */
    @Override
    public void message(@Nullable Object payload) {
      if (payload instanceof List<?> parts
          && parts.get(0) instanceof byte[] channel
          && parts.get(1) instanceof byte[] message) {
        String rest =
            RedisKeys.text(channel)
                .substring(keys.fanoutPrefix(config.broker().database()).length());
        int slash = rest.indexOf('/', Math.min(rest.length(), route.exchange().length()));
        hand(new Broadcast(route.exchange(), slash < 0 ? "" : rest.substring(slash + 1), message));
      }
    }

    private synchronized void hand(Broadcast broadcast) {
      if (closed) {
        return;
      }
      try {
        listener.accept(broadcast);
      } catch (RuntimeException | StackOverflowError e) {
        log.warn(
            "a message of fanout exchange {} with key {} could not be handled: {}",
            broadcast.exchange(),
            broadcast.routingKey(),
            e.toString());
      }
    }

    /**
     * A sender that was not told of the exchange's type takes it for a direct one, and pushes to
     * the queues bound to it, which no subscriber would look into.
     */
    void takeInMisdirected() {
      try {
        int found = pool.with(this::takeIn);
        if (found > 0) {
          log.warn(
              "{} messages for fanout exchange {} were pushed to queue {} by a sender that takes"
                  + " it for a direct exchange; declare its type there",
              found,
              route.exchange(),
              queue);
        }
      } catch (BrokerException e) {
        log.debug("queue {} could not be looked into: {}", queue, e.getMessage());
      }
    }

    private int takeIn(RedisConnection connection) {
      declare(connection);
      int found = 0;
      for (byte[] list : keys.lists(queue)) {
        while (found < MISDIRECTED
            && connection.call(Command.RPOP, list) instanceof byte[] message) {
          hand(new Broadcast(route.exchange(), route.routingKey(), message));
          found++;
        }
      }
      return found;
    }

    @Override
    public void close() {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
      subscriptions.remove(this);
      subscriber.unsubscribePattern(pattern, this);
      try {
        pool.repeatable(this::delete);
      } catch (BrokerException e) {
        log.warn("queue {} of a fanout subscription is left behind: {}", queue, e.getMessage());
      }
    }

    private Object delete(RedisConnection connection) {
      connection.write(Command.SREM, keys.binding(route.exchange()), member());
      connection.write(Command.SREM, keys.permanentBinding(route.exchange()), member());
      connection.write(Command.DEL, keys.lists(queue).toArray(byte[][]::new));
      List<Object> answers = connection.sendAndReadAll(3);
      RedisConnection.throwFirstError(answers);
      return answers;
    }
  }
}
