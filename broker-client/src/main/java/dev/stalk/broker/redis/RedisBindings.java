package dev.stalk.broker.redis;

import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.TopicPattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol.Command;

/**
 * The bindings of queues: writes them, and remembers what it was told to declare so that it is
 * written again after an outage. A queue it was told nothing of is declared as Celery does: bound
 * to the direct exchange of its own name by its own name (kombu {@code
 * transport/redis.py:Channel._queue_bind}). Thread-safe.
 */
final class RedisBindings {
  private static final RedisScript REFRESH = RedisScript.load("refresh_binding.lua");

  /** A table lives at least that long after it was declared (kombu {@code MIN_BINDING_TTL}). */
  private static final Duration MIN_LIFE = Duration.ofHours(1);

  private final RedisKeys keys;
  private final Map<String, QueueDeclaration> declarations = new ConcurrentHashMap<>();
  private final Set<String> written = ConcurrentHashMap.newKeySet();

  RedisBindings(RedisKeys keys) {
    this.keys = keys;
  }

  /** Takes note of a declaration: its expiry replaces the one known, its bindings are added. */
  void remember(QueueDeclaration declaration) {
    declarations.merge(declaration.queue(), declaration, RedisBindings::merge);
  }

  private static QueueDeclaration merge(QueueDeclaration known, QueueDeclaration more) {
    Set<Route> all = new LinkedHashSet<>(known.bindings());
    all.addAll(more.bindings());
    return new QueueDeclaration(more.queue(), List.copyOf(all), more.expires());
  }

  /** Forgets one binding. */
  void forget(String queue, Route binding) {
    declarations.computeIfPresent(
        queue,
        (name, known) -> {
          List<Route> rest = new ArrayList<>(known.bindings());
          rest.remove(binding);
          return rest.isEmpty() ? null : new QueueDeclaration(name, rest, known.expires());
        });
  }

  /** Forgets a queue. */
  void forget(String queue) {
    declarations.remove(queue);
    written.remove(queue);
  }

  /** After how long without a message the queue expires; null for never. */
  @Nullable Duration expires(String queue) {
    QueueDeclaration declaration = declarations.get(queue);
    return declaration == null ? null : declaration.expires();
  }

  /** Whether any queue expires. */
  boolean anyExpires() {
    return declarations.values().stream().anyMatch(declared -> declared.expires() != null);
  }

  /** Whether the queue's bindings were written since the last outage. */
  boolean isWritten(String queue) {
    return written.contains(queue);
  }

  /** The server has confirmed the queue's bindings. */
  void confirmed(String queue) {
    written.add(queue);
  }

  /** The connection broke: what was written may be there no more, as kombu assumes too. */
  void lost() {
    written.clear();
  }

  /** The queues that were declared here and not written since the last outage. */
  List<String> unwritten() {
    return declarations.keySet().stream().filter(queue -> !written.contains(queue)).toList();
  }

  /**
   * Writes commands for all bindings of a queue.
   *
   * @return how many answers they leave to be read
   */
  int write(RedisConnection connection, String queue) {
    QueueDeclaration declared = declarations.get(queue);
    List<Route> bindings =
        declared == null || declared.bindings().isEmpty()
            ? List.of(Route.direct(queue, queue))
            : declared.bindings();
    Duration expires = declared == null ? null : declared.expires();
    int answers = 0;
    for (Route binding : bindings) {
      answers += write(connection, queue, binding, expires);
    }
    return answers;
  }

  private int write(
      RedisConnection connection, String queue, Route binding, @Nullable Duration expires) {
    String exchange = binding.exchange();
    byte[] member = member(queue, binding);
    if (expires == null) {
      connection.write(Command.SADD, keys.binding(exchange), member);
      connection.write(Command.SADD, keys.permanentBinding(exchange), member);
      return 2;
    }
    long life = Math.max(expires.toMillis() * 2, MIN_LIFE.toMillis());
    REFRESH.writeText(
        connection,
        List.of(keys.binding(exchange), keys.bindingDeadlines()),
        List.of(member, RedisKeys.bytes(exchange), RedisKeys.bytes(life)));
    return 1;
  }

  /** As the newest kombu writes it. */
  private byte[] member(String queue, Route binding) {
    String key = binding.routingKey();
    return keys.member(
        key, binding.type() == ExchangeType.TOPIC ? TopicPattern.of(key) : "", queue);
  }

  /**
   * Writes commands that take a binding away, in the form of any version of kombu.
   *
   * @return how many answers they leave to be read
   */
  int remove(RedisConnection connection, String queue, Route binding) {
    String key = binding.routingKey();
    List<byte[]> words = new ArrayList<>();
    words.add(keys.binding(binding.exchange()));
    words.add(member(queue, binding));
    if (binding.type() == ExchangeType.TOPIC) {
      words.add(keys.member(key, TopicPattern.before57(key), queue));
    }
    connection.write(Command.SREM, words.toArray(byte[][]::new));
    words.set(0, keys.permanentBinding(binding.exchange()));
    connection.write(Command.SREM, words.toArray(byte[][]::new));
    return 2;
  }
}
