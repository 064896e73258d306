package dev.stalk.broker.redis;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Queues;
import dev.stalk.broker.transport.RouteLookup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * Finds the queues of a route in the tables that every peer writes (kombu {@code
 * transport/virtual/exchange.py}), publishes to them, and looks after them. Thread-safe.
 */
final class RedisRouting implements Queues {
  private static final RedisScript PUBLISH = RedisScript.load("publish_copies.lua");
  private static final int PIPELINE = 500;
  private static final int MAX_LIMIT = 1000;
  private static final int SLICE = 16;
  private static final int ENOUGH = 16 << 20;

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisPool pool;
  private final RedisBindings bindings;
  private final RedisPublishRetry publishRetry;
  private final RouteLookup lookup = new RouteLookup();

  RedisRouting(RedisConfig config, RedisKeys keys, RedisPool pool, RedisBindings bindings) {
    this.config = config;
    this.keys = keys;
    this.pool = pool;
    this.bindings = bindings;
    this.publishRetry = new RedisPublishRetry(config.publishRetry());
  }

  @Override
  public void declare(QueueDeclaration declaration) {
    bindings.remember(declaration);
    String queue = declaration.queue();
    repeated(
        connection -> {
          int answers = bindings.write(connection, queue);
          RedisConnection.throwFirstError(connection.sendAndReadAll(answers));
          bindings.confirmed(queue);
          return queue;
        });
  }

  @Override
  public void remember(QueueDeclaration declaration) {
    bindings.remember(declaration);
  }

  /** An exchange that may be repeated without harm; what was declared is written again then. */
  private <T> T repeated(Function<RedisConnection, T> call) {
    try {
      return pool.with(call);
    } catch (BrokerUnavailableException e) {
      bindings.lost();
      return pool.with(call);
    }
  }

  @Override
  public void unbind(String queue, Route binding) {
    bindings.forget(queue, binding);
    var unused =
        repeated(
            connection -> {
              int answers = bindings.remove(connection, queue, binding);
              RedisConnection.throwFirstError(connection.sendAndReadAll(answers));
              return queue;
            });
  }

  @Override
  public List<Binding> bindings(String exchange) {
    return repeated(connection -> table(connection, exchange));
  }

  private List<Binding> table(RedisConnection connection, String exchange) {
    List<Binding> table = new ArrayList<>();
    for (Object member : (List<?>) connection.call(Command.SMEMBERS, keys.binding(exchange))) {
      table.add(binding(exchange, RedisKeys.text((byte[]) member)));
    }
    table.sort(Comparator.comparing(Binding::routingKey).thenComparing(Binding::queue));
    return table;
  }

  private Binding binding(String exchange, String member) {
    String[] parts = member.split(Pattern.quote(keys.separator()), -1);
    if (parts.length != 3) {
      throw new BrokerException(
          "the set %s holds '%s', which is not routing key, pattern and queue; remove it with SREM"
              .formatted(RedisKeys.text(keys.binding(exchange)), member));
    }
    return new Binding(exchange, parts[0], parts[1], parts[2]);
  }

  @Override
  public List<String> queues(Route route) {
    RouteLookup.check(route);
    if (route.exchange().isEmpty()) {
      return List.of(route.routingKey());
    }
    List<Binding> table = repeated(connection -> lookUp(connection, route.exchange()));
    return lookup.queues(route, table);
  }

  /** What this process declared must be there, whatever became of the tables in an outage. */
  private List<Binding> lookUp(RedisConnection connection, String exchange) {
    List<String> missing = bindings.unwritten();
    int answers = 0;
    for (String queue : missing) {
      answers += bindings.write(connection, queue);
    }
    RedisConnection.throwFirstError(connection.sendAndReadAll(answers));
    missing.forEach(bindings::confirmed);
    return table(connection, exchange);
  }

  @Override
  public void publish(List<List<Publication>> messages, PublishRetry retry) {
    publishRetry.run(messages, retry, this::publishPages, bindings::lost);
  }

  private @Nullable BrokerException publishPages(
      List<List<Publication>> messages, List<List<Publication>> unconfirmed) {
    BrokerException failure = null;
    for (int from = 0; from < messages.size(); from += PIPELINE) {
      List<List<Publication>> page =
          messages.subList(from, Math.min(messages.size(), from + PIPELINE));
      List<List<Publication>> open = new ArrayList<>(page);
      if (failure == null) {
        try {
          failure = pool.with(connection -> publishPage(connection, page, open));
        } catch (BrokerException e) {
          failure = e;
        }
      }
      unconfirmed.addAll(open);
    }
    return failure;
  }

  private @Nullable BrokerException publishPage(
      RedisConnection connection, List<List<Publication>> page, List<List<Publication>> open) {
    for (int i = 0; i < page.size(); i++) {
      write(connection, page.get(i), i == 0);
    }
    List<Object> answers = connection.sendAndReadAll(page.size());
    BrokerException first = null;
    open.clear();
    for (int i = 0; i < answers.size(); i++) {
      Object answer = answers.get(i);
      if (answer instanceof JedisNoScriptException) { // flushed in between
        write(connection, page.get(i), true);
        answer = connection.sendAndReadAll(1).get(0);
      }
      if (answer instanceof RuntimeException refused) {
        first = first == null ? RedisErrors.translate(refused, config.broker()) : first;
        open.add(page.get(i));
      }
    }
    return first;
  }

  /** The first call of a page is by text, after which the server knows the digest. */
  private void write(RedisConnection connection, List<Publication> copies, boolean byText) {
    List<byte[]> names = new ArrayList<>();
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(RedisKeys.bytes(copies.size()));
    for (Publication copy : copies) {
      names.add(keys.list(copy.queue(), copy.priority()));
      arguments.add(copy.message());
    }
    for (Publication copy : copies) {
      Duration expires = bindings.expires(copy.queue());
      if (expires != null) {
        for (byte[] list : keys.lists(copy.queue())) {
          names.add(list);
          arguments.add(RedisKeys.bytes(expires.toMillis()));
        }
      }
    }
    if (byText) {
      PUBLISH.writeText(connection, names, arguments);
    } else {
      PUBLISH.write(connection, names, arguments);
    }
  }

  @Override
  public List<Publication> peek(String queue, long offset, int limit) {
    if (offset < 0 || limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException(
          "a page begins at 0 or later and has 1 to %d messages, not %d from %d"
              .formatted(MAX_LIMIT, limit, offset));
    }
    return pool.repeatable(connection -> peek(connection, queue, offset, limit));
  }

  private List<Publication> peek(RedisConnection connection, String queue, long offset, int limit) {
    List<Publication> page = new ArrayList<>();
    long bytes = 0;
    long skip = offset;
    for (int step : keys.steps()) {
      byte[] list = keys.list(queue, step);
      long length = (Long) connection.call(Command.LLEN, list);
      while (skip < length && page.size() < limit && bytes < ENOUGH) {
        long count = Math.min(SLICE, Math.min(limit - page.size(), length - skip));
        List<?> tail =
            (List<?>)
                connection.call(
                    Command.LRANGE,
                    list,
                    RedisKeys.bytes(-skip - count),
                    RedisKeys.bytes(-skip - 1));
        List<Object> oldestFirst = new ArrayList<>(tail);
        Collections.reverse(oldestFirst);
        for (Object message : oldestFirst) {
          page.add(new Publication(queue, step, (byte[]) message));
          bytes += ((byte[]) message).length;
        }
        skip += count;
      }
      skip = Math.max(0, skip - length);
    }
    return page;
  }

  @Override
  public long delete(String queue) {
    bindings.forget(queue);
    return pool.with(
        connection -> {
          removeBindings(connection, queue);
          return purge(connection, queue);
        });
  }

  private void removeBindings(RedisConnection connection, String queue) {
    String end = keys.separator() + queue;
    RedisScan scan = new RedisScan(connection);
    List<byte[]> tables = scan.keys(RedisKeys.text(keys.binding("")), "", "set");
    tables.addAll(scan.keys(RedisKeys.text(keys.permanentBinding("")), "", "set"));
    for (byte[] table : tables) {
      for (Object member : (List<?>) connection.call(Command.SMEMBERS, table)) {
        if (RedisKeys.text((byte[]) member).endsWith(end)) {
          connection.call(Command.SREM, table, (byte[]) member);
        }
      }
    }
  }

  long purge(String queue) {
    return pool.with(connection -> purge(connection, queue));
  }

  /** What is no list is not the queue's: it is told, and not deleted. */
  private long purge(RedisConnection connection, String queue) {
    keys.lists(queue).forEach(list -> connection.write(Command.LLEN, list));
    RedisConnection.throwFirstError(connection.sendAndReadAll(keys.steps().size()));
    connection.write(Command.MULTI);
    for (byte[] list : keys.lists(queue)) {
      connection.write(Command.LLEN, list);
      connection.write(Command.DEL, list);
    }
    connection.write(Command.EXEC);
    List<Object> answers = connection.sendAndReadAll(2 + 2 * keys.steps().size());
    RedisConnection.throwFirstError(answers);
    List<?> lengthsAndDeletions = (List<?>) answers.get(answers.size() - 1);
    long purged = 0;
    for (int i = 0; i < lengthsAndDeletions.size(); i += 2) {
      purged += (Long) lengthsAndDeletions.get(i);
    }
    return purged;
  }
}
