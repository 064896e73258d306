package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerInterruptedException;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * The one subscribed connection to a server. A thread of its own connects, reads and connects again
 * for as long as the subscriber is open; every subscription survives an outage. Thread-safe;
 * listeners are called on the reading thread and must return at once.
 */
final class RedisSubscriber implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RedisSubscriber.class);
  private static final Duration RETRY_MIN = Duration.ofMillis(50);
  private static final Duration RETRY_MAX = Duration.ofSeconds(2);

  /** Silence after which a connection that should have answered a ping is given up. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  /**
   * Takes the payload of a message: bytes; of an invalidation a list of keys or null; of a pattern
   * a list of the channel and the bytes.
   */
  interface Listener {
    void message(@Nullable Object payload);
  }

  private final RedisUrl url;
  private final RedisConfig config;
  private final RedisOutages.Part outage;
  private final Thread reader;
  private final List<Runnable> onReconnect = new CopyOnWriteArrayList<>();
  private final List<Runnable> onLoss = new CopyOnWriteArrayList<>();

  /** What is subscribed to: one channel, or every channel that a pattern matches. */
  private record Topic(Command subscribe, Command unsubscribe, String name) {
    static Topic channel(String name) {
      return new Topic(Command.SUBSCRIBE, Command.UNSUBSCRIBE, name);
    }

    static Topic pattern(String name) {
      return new Topic(Command.PSUBSCRIBE, Command.PUNSUBSCRIBE, name);
    }
  }

  // all guarded by this
  private final Map<Topic, Set<Listener>> listeners = new HashMap<>();
  private final Set<Topic> confirmed = new HashSet<>();
  private @Nullable RedisConnection connection;
  private @Nullable RuntimeException lastError;
  private int attempts;
  private int failedAttempt;
  private boolean hurried;
  private boolean started;
  private boolean closed;
  private boolean resuming;

  // written by the reading thread
  private volatile long clientId = -1;
  private volatile int generation;
  private volatile long lastHeard = System.nanoTime();

  RedisSubscriber(RedisUrl url, RedisConfig config, RedisOutages outages) {
    this.outage = outages.persistent();
    this.url = url;
    this.config = config;
    this.reader = new Thread(this::run, "stalk-subscriber-" + url);
    this.reader.setDaemon(true);
  }

  /** Called on the reading thread each time all subscriptions stand again after an outage. */
  void onReconnect(Runnable action) {
    onReconnect.add(action);
  }

  /** Called on the reading thread each time the connection breaks. */
  void onLoss(Runnable action) {
    onLoss.add(action);
  }

  /** The connection's id at the server, to redirect notices to; -1 while there is none. */
  long clientId() {
    return clientId;
  }

  /** Grows with every new connection. */
  int generation() {
    return generation;
  }

  /**
   * Subscribes and waits until the server has confirmed it.
   *
   * @throws BrokerRefusedException if the server refused a connection that was tried since the
   *     call; what it refused before may be allowed by now
   * @throws BrokerUnavailableException if it did not in time; the subscription is withdrawn then
   */
  void subscribe(String channel, Listener listener) {
    subscribe(Topic.channel(channel), listener);
  }

  /** As {@link #subscribe(String, Listener)}, to every channel that matches a pattern of Redis. */
  void subscribePattern(String pattern, Listener listener) {
    subscribe(Topic.pattern(pattern), listener);
  }

  private void subscribe(Topic topic, Listener listener) {
    long deadline =
        System.nanoTime() + config.connectTimeout().plus(config.socketTimeout()).toNanos();
    synchronized (this) {
      if (closed) {
        throw new BrokerUnavailableException("the subscription to " + url + " is closed", null);
      }
      if (!started) {
        started = true;
        reader.start();
      }
      int triedBefore = attempts;
      if (lastError instanceof BrokerRefusedException) {
        hurried = true; // it is tried again at once
        notifyAll();
      }
      Set<Listener> known = listeners.computeIfAbsent(topic, c -> new HashSet<>());
      known.add(listener);
      if (known.size() == 1) {
        confirmed.remove(topic);
        write(topic.subscribe(), topic.name());
      }
      while (!confirmed.contains(topic)) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        boolean isRefused =
            lastError instanceof BrokerRefusedException && failedAttempt > triedBefore;
        if (left <= 0 || closed || isRefused) {
          unsubscribe(topic, listener);
          if (lastError instanceof BrokerRefusedException refused) {
            throw refused;
          }
          throw new BrokerUnavailableException(
              "cannot subscribe at "
                  + url
                  + (lastError == null ? "" : ": " + lastError.getMessage()),
              lastError);
        }
        try {
          wait(left);
        } catch (InterruptedException e) {
          unsubscribe(topic, listener);
          throw new BrokerInterruptedException("interrupted while subscribing at " + url, e);
        }
      }
    }
  }

  void unsubscribe(String channel, Listener listener) {
    unsubscribe(Topic.channel(channel), listener);
  }

  void unsubscribePattern(String pattern, Listener listener) {
    unsubscribe(Topic.pattern(pattern), listener);
  }

  private synchronized void unsubscribe(Topic topic, Listener listener) {
    Set<Listener> known = listeners.get(topic);
    if (known != null && known.remove(listener) && known.isEmpty()) {
      listeners.remove(topic);
      confirmed.remove(topic);
      write(topic.unsubscribe(), topic.name());
    }
  }

  /** Keeps the connection alive and notices a dead one; to be called every few seconds. */
  synchronized void ping() {
    if (connection == null) {
      return;
    }
    if (System.nanoTime() - lastHeard > SILENCE.toNanos()) {
      log.warn("no sign of life from {} for {} s: connecting again", url, SILENCE.toSeconds());
      connection.cut();
    } else {
      write(Command.PING);
    }
  }

  /** Writes while holding the lock, so that commands of several threads do not mix. */
  private void write(Command command, String... arguments) {
    RedisConnection current = connection;
    if (current == null) {
      return; // the reading thread subscribes to everything when it connects
    }
    byte[][] bytes = new byte[arguments.length][];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = RedisKeys.bytes(arguments[i]);
    }
    try {
      current.write(command, bytes);
      current.send();
    } catch (RuntimeException e) {
      current.cut(); // the reading thread sees it and starts over
    }
  }

  private void run() {
    Duration pause = RETRY_MIN;
    while (!isClosed()) {
      long started = outage.start();
      try {
        connect();
        outage.passed();
        readUntilBroken();
      } catch (RuntimeException e) {
        pause = wasStanding() ? RETRY_MIN : after(pause);
        BrokerException error = RedisErrors.translate(e, url);
        if (!isClosed()) {
          outage.failed(error, started);
        }
        disconnected(error);
        pause(pause);
      } catch (Error e) { // waiting for results must go on when there is memory again
        log.error("the subscription to {} failed; starting over", url, e);
        disconnected(new BrokerUnavailableException("the subscription failed", e));
        pause(RETRY_MAX);
      }
    }
  }

  /** Bounded: what doubled for ever would overflow in an outage of minutes, and end the thread. */
  private static Duration after(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : twice;
  }

  private void connect() {
    synchronized (this) {
      attempts++;
      hurried = false;
    }
    RedisConnection fresh = RedisConnection.open(url, config, "subscriber");
    try {
      clientId = fresh.clientId();
      fresh.setTimeoutInfinite();
    } catch (RuntimeException e) {
      fresh.cut();
      throw e;
    }
    lastHeard = System.nanoTime();
    synchronized (this) {
      if (closed) {
        fresh.cut();
        return;
      }
      connection = fresh;
      generation++;
      resuming = generation > 1;
      confirmed.clear();
      // the invalidation channel keeps the connection subscribed at all times
      listeners.computeIfAbsent(Topic.channel(RedisKeys.INVALIDATIONS), c -> new HashSet<>());
      resubscribe(Command.SUBSCRIBE);
      resubscribe(Command.PSUBSCRIBE);
      if (resuming) {
        log.debug("subscribed to {} again", url);
      }
    }
  }

  private synchronized void resubscribe(Command command) {
    String[] names =
        listeners.keySet().stream()
            .filter(topic -> topic.subscribe() == command)
            .map(Topic::name)
            .toArray(String[]::new);
    if (names.length > 0) {
      write(command, names);
    }
  }

  private void readUntilBroken() {
    RedisConnection current;
    synchronized (this) {
      current = connection;
    }
    while (current != null && !isClosed()) {
      Object reply = current.read();
      lastHeard = System.nanoTime();
      if (reply instanceof List<?> parts
          && parts.size() >= 2
          && parts.get(0) instanceof byte[] kind) {
        dispatch(RedisKeys.text(kind), parts);
      }
    }
  }

  private void dispatch(String kind, List<?> parts) {
    String name = parts.get(1) instanceof byte[] bytes ? RedisKeys.text(bytes) : "";
    switch (kind) {
      case "message" -> hand(Topic.channel(name), parts.get(2));
      case "pmessage" -> hand(Topic.pattern(name), List.of(parts.get(2), parts.get(3)));
      case "subscribe" -> confirm(Topic.channel(name));
      case "psubscribe" -> confirm(Topic.pattern(name));
      default -> {} // the answer to a ping, or the end of a subscription
    }
  }

  private void hand(Topic topic, @Nullable Object payload) {
    List<Listener> called;
    synchronized (this) {
      called = List.copyOf(listeners.getOrDefault(topic, Set.of()));
    }
    called.forEach(listener -> call(listener, payload));
  }

  private static void call(Listener listener, @Nullable Object payload) {
    try {
      listener.message(payload);
    } catch (RuntimeException | StackOverflowError e) {
      log.error("a subscription's listener failed", e);
    }
  }

  private void confirm(Topic topic) {
    boolean standing;
    synchronized (this) {
      lastError = null;
      if (listeners.containsKey(topic)) {
        confirmed.add(topic);
        notifyAll();
      }
      standing = resuming && confirmed.size() == listeners.size();
      if (standing) {
        resuming = false;
      }
    }
    if (standing) {
      onReconnect.forEach(action -> call(ignored -> action.run(), null));
    }
  }

  /** Whether the connection that has just broken had been of use. */
  private synchronized boolean wasStanding() {
    return !confirmed.isEmpty();
  }

  private void disconnected(RuntimeException error) {
    if (forget(error)) {
      onLoss.forEach(action -> call(ignored -> action.run(), null));
    }
  }

  /** True if there was a connection, and it was not closed on purpose. */
  private synchronized boolean forget(RuntimeException error) {
    boolean lost = connection != null && !closed;
    if (connection != null) {
      connection.cut();
      connection = null;
      confirmed.clear();
      clientId = -1;
      if (!closed) {
        log.debug("lost the subscription: {}", error.getMessage());
      }
    }
    lastError = error;
    failedAttempt = attempts;
    notifyAll();
    return lost;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized void pause(Duration pause) {
    long deadline = System.nanoTime() + pause.toNanos();
    try {
      for (long left = pause.toMillis(); left > 0 && !closed && !hurried; ) {
        wait(left);
        left = (deadline - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException e) {
      closed = true; // nobody interrupts this thread but a JVM that ends
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
      if (connection != null) {
        connection.cut();
      }
    }
    if (reader.isAlive() && Thread.currentThread() != reader) {
      try {
        reader.join(1000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
