package dev.stalk.broker.redis;

import dev.stalk.broker.codec.DeliveryInfo;
import dev.stalk.broker.codec.DeliveryTag;
import dev.stalk.broker.codec.EnvelopeCheck;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.TaskIdentity;
import dev.stalk.broker.codec.UnackedEntry;
import dev.stalk.broker.codec.Values;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QuarantineEntry;
import dev.stalk.broker.transport.QuarantinedMessage;
import dev.stalk.broker.transport.Replay;
import dev.stalk.broker.transport.Replay.Outcome;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol.Command;

/**
 * What lies in {@code <queue>.quarantine}: a line of JSON that says why and since when, then the
 * message, byte for byte. Each change is one script or one command that names the entry by all its
 * bytes, so it does not matter who else changes the list. Thread-safe.
 */
final class RedisQuarantine implements Quarantine {
  private static final RedisScript PAGE = RedisScript.load("quarantine_page.lua");
  private static final RedisScript REPLAY = RedisScript.load("quarantine_replay.lua");
  private static final RedisScript PURGE = RedisScript.load("quarantine_purge.lua");

  /** How much of an entry a page reads; the task's name stands behind the body. */
  private static final int BEGINNING = 65_536;

  /** How much a page looks at in one call, so that it cannot hold up Redis. */
  private static final int ENOUGH = 8 << 20;

  private static final int MAX_LIMIT = 1000;
  private static final int ID_DIGITS = 16;
  private static final int ATTEMPTS = 5;
  private static final int PURGED_AT_ONCE = 100;
  private static final int COUNTED_SECONDS = 7 * 86_400;
  private static final String HEADLESS =
      "unknown: the entry does not begin with the line that says why it is here";

  /** The first line of an entry, and the message behind it; without a line all is message. */
  private record Parts(
      String reason, String queue, @Nullable Instant time, long deliveries, byte[] message) {

    static Parts of(byte[] entry) {
      int end = 0;
      while (end < entry.length && entry[end] != '\n') {
        end++;
      }
      Parts headless = new Parts(HEADLESS, "", null, 0, entry);
      if (end == entry.length) {
        return headless;
      }
      try {
        Object line = Values.read(Arrays.copyOf(entry, end));
        byte[] message = Arrays.copyOfRange(entry, end + 1, entry.length);
        return line instanceof Map<?, ?> fields ? of(fields, message, headless) : headless;
      } catch (MalformedMessageException notALine) {
        return headless;
      }
    }

    private static Parts of(Map<?, ?> line, byte[] message, Parts headless) {
      return line.get("reason") instanceof String reason
              && line.get("queue") instanceof String queue
              && line.get("time") instanceof Number seconds
              && line.get("deliveries") instanceof Number deliveries
          ? new Parts(
              reason,
              queue,
              Instant.ofEpochMilli((long) (seconds.doubleValue() * 1000)),
              deliveries.longValue(),
              message)
          : headless;
    }
  }

  private record Located(long index, byte[] entry) {}

  private final RedisKeys keys;
  private final RedisPool pool;

  RedisQuarantine(RedisKeys keys, RedisPool pool) {
    this.keys = keys;
    this.pool = pool;
  }

  static byte[] entry(Effect.Quarantine quarantine) {
    return entry(
        quarantine.queue(), quarantine.reason(), quarantine.deliveries(), quarantine.message());
  }

  static byte[] entry(String queue, String reason, long deliveries, byte[] message) {
    String line =
        String.format(
            Locale.ROOT,
            "{\"reason\": %s, \"queue\": %s, \"time\": %.3f, \"deliveries\": %d}\n",
            UnackedEntry.quoted(reason),
            UnackedEntry.quoted(queue),
            Clock.systemUTC().millis() / 1000.0,
            deliveries);
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    entry.writeBytes(RedisKeys.bytes(line));
    entry.writeBytes(message);
    return entry.toByteArray();
  }

  @Override
  public SortedMap<String, Long> queues() {
    return pool.repeatable(
        connection -> {
          SortedMap<String, Long> counts = new TreeMap<>();
          String prefix = keys.prefix();
          String suffix = RedisKeys.text(keys.quarantine("")).substring(prefix.length());
          for (byte[] key : new RedisScan(connection).keys(prefix, suffix, "list")) {
            String name = RedisKeys.text(key);
            String queue = name.substring(prefix.length(), name.length() - suffix.length());
            counts.put(queue, (Long) connection.call(Command.LLEN, key));
          }
          return counts;
        });
  }

  @Override
  public long count(String queue) {
    return (Long) pool.repeatable(c -> c.call(Command.LLEN, keys.quarantine(queue)));
  }

  @Override
  public List<QuarantineEntry> list(String queue, long offset, int limit) {
    if (offset < 0 || limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException(
          "a page begins at 0 or later and has 1 to %d entries, not %d from %d"
              .formatted(MAX_LIMIT, limit, offset));
    }
    List<QuarantineEntry> entries = new ArrayList<>();
    while (entries.size() < limit) {
      long first = offset + entries.size();
      List<?> page = page(queue, first, limit - entries.size(), BEGINNING);
      if (page.isEmpty()) {
        break;
      }
      for (int i = 0; i < page.size(); i += 3) {
        entries.add(
            entry(
                id((byte[]) page.get(i)),
                first + i / 3,
                (Long) page.get(i + 1),
                (byte[]) page.get(i + 2)));
      }
    }
    return entries;
  }

  /** Fewer than {@code count} if there are no more, or if they are large; none only at the end. */
  private List<?> page(String queue, long first, int count, int beginning) {
    return (List<?>)
        pool.repeatable(
            connection ->
                PAGE.call(
                    connection,
                    List.of(keys.quarantine(queue)),
                    List.of(
                        RedisKeys.bytes(first),
                        RedisKeys.bytes(count),
                        RedisKeys.bytes(beginning),
                        RedisKeys.bytes(ENOUGH))));
  }

  private static String id(byte[] sha1) {
    return RedisKeys.text(sha1).substring(0, ID_DIGITS);
  }

  private static String idOf(byte[] entry) {
    try {
      byte[] sha1 = MessageDigest.getInstance("SHA-1").digest(entry);
      return HexFormat.of().formatHex(sha1).substring(0, ID_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  /** An entry of this length, of which all or the beginning is given. */
  private static QuarantineEntry entry(String id, long index, long length, byte[] beginning) {
    Parts parts = Parts.of(beginning);
    TaskIdentity task = TaskIdentity.of(parts.message());
    return new QuarantineEntry(
        id,
        index,
        parts.reason(),
        parts.queue(),
        parts.time(),
        parts.deliveries(),
        length - (beginning.length - parts.message().length),
        task.task(),
        task.id());
  }

  @Override
  public @Nullable QuarantinedMessage at(String queue, long index) {
    byte[] entry = read(queue, index);
    return entry == null ? null : message(entry, index);
  }

  @Override
  public @Nullable QuarantinedMessage find(String queue, String id) {
    Located found = locate(queue, id);
    return found == null ? null : message(found.entry(), found.index());
  }

  private @Nullable Located locate(String queue, String id) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      long index = indexOf(queue, id);
      if (index < 0) {
        return null;
      }
      byte[] entry = read(queue, index);
      if (entry != null && idOf(entry).equals(id)) {
        return new Located(index, entry);
      }
    }
    throw new BrokerException(
        "the quarantine of %s changes faster than %s can be read; try again".formatted(queue, id));
  }

  private byte @Nullable [] read(String queue, long index) {
    return (byte[])
        pool.repeatable(
            c -> c.call(Command.LINDEX, keys.quarantine(queue), RedisKeys.bytes(index)));
  }

  private long indexOf(String queue, String id) {
    long first = 0;
    while (true) {
      List<?> page = page(queue, first, MAX_LIMIT, 0);
      for (int i = 0; i < page.size(); i += 3) {
        if (id((byte[]) page.get(i)).equals(id)) {
          return first + i / 3;
        }
      }
      if (page.isEmpty()) {
        return -1;
      }
      first += page.size() / 3;
    }
  }

  private static QuarantinedMessage message(byte[] entry, long index) {
    byte[] message = Parts.of(entry).message();
    return new QuarantinedMessage(
        entry(idOf(entry), index, entry.length, entry), message, EnvelopeCheck.problem(message));
  }

  @Override
  public Replay replay(String queue, String id, @Nullable String to) {
    Located found = locate(queue, id);
    return found == null
        ? new Replay(id, Outcome.GONE, "not in the quarantine of " + queue)
        : replay(queue, found.entry(), to);
  }

  @Override
  public List<Replay> replayAll(String queue, @Nullable String to) {
    List<Replay> replays = new ArrayList<>();
    long index = 0;
    for (long left = count(queue); left > 0; left--) {
      byte[] entry = read(queue, index);
      if (entry == null) {
        break;
      }
      Replay replay = replay(queue, entry, to);
      replays.add(replay);
      index += replay.outcome() == Outcome.REFUSED ? 1 : 0;
    }
    return replays;
  }

  private Replay replay(String queue, byte[] entry, @Nullable String to) {
    String id = idOf(entry);
    Parts parts = Parts.of(entry);
    if (to == null && parts.queue().isEmpty()) {
      return new Replay(
          id, Outcome.REFUSED, "it does not say from which queue it came: say where it is to go");
    }
    if (to == null && !parts.queue().equals(queue)) {
      return new Replay(
          id,
          Outcome.REFUSED,
          "it came from queue %s but lies in the quarantine of %s: say where it is to go"
              .formatted(parts.queue(), queue));
    }
    String target = to == null ? queue : to;
    byte[] message =
        target.equals(parts.queue())
            ? parts.message()
            : DeliveryInfo.readdress(parts.message(), target);
    String problem = EnvelopeCheck.problem(message);
    if (!problem.isEmpty()) {
      return new Replay(id, Outcome.REFUSED, "no worker could take it: " + problem);
    }
    return move(queue, entry, target, message)
        ? new Replay(id, Outcome.REPLAYED, target)
        : new Replay(id, Outcome.GONE, "not in the quarantine of " + queue);
  }

  /**
   * A message that keeps its redelivered mark is counted at its next beginning, which is to count
   * as its first: the count starts one lower then.
   */
  private boolean move(String queue, byte[] entry, String target, byte[] message) {
    List<byte[]> names = new ArrayList<>();
    names.add(keys.quarantine(queue));
    names.add(keys.list(target, MessageCodec.priority(message)));
    String tag = DeliveryTag.of(message);
    if (tag != null) {
      names.add(keys.deliveries(tag));
    }
    List<byte[]> arguments =
        List.of(
            entry,
            message,
            RedisKeys.bytes(DeliveryInfo.isRedelivered(message) ? "-1" : ""),
            RedisKeys.bytes(COUNTED_SECONDS));
    return pool.with(connection -> REPLAY.call(connection, names, arguments)).equals(1L);
  }

  @Override
  public boolean purge(String queue, String id) {
    Located found = locate(queue, id);
    return found != null
        && pool.with(
                c ->
                    c.call(Command.LREM, keys.quarantine(queue), RedisKeys.bytes(1), found.entry()))
            .equals(1L);
  }

  @Override
  public long purgeAll(String queue) {
    return pool.with(
        connection -> {
          var unused = connection.call(Command.LLEN, keys.quarantine(queue)); // no list: not ours
          connection.write(Command.MULTI);
          connection.write(Command.LLEN, keys.quarantine(queue));
          connection.write(Command.DEL, keys.quarantine(queue));
          connection.write(Command.EXEC);
          List<Object> answers = connection.sendAndReadAll(4);
          RedisConnection.throwFirstError(answers);
          List<?> done = (List<?>) answers.get(3);
          RedisConnection.throwFirstError(new ArrayList<>(done));
          return (Long) done.get(0);
        });
  }

  @Override
  public long purgeOlderThan(String queue, Duration age) {
    long deleted = 0;
    long index = 0;
    while (true) {
      long from = index;
      List<?> answer =
          (List<?>)
              pool.with(
                  connection ->
                      PURGE.call(
                          connection,
                          List.of(keys.quarantine(queue)),
                          List.of(
                              RedisKeys.bytes(age.toMillis()),
                              RedisKeys.bytes(from),
                              RedisKeys.bytes(PURGED_AT_ONCE))));
      deleted += (Long) answer.get(0);
      index = (Long) answer.get(1);
      if (answer.get(2).equals(1L)) {
        return deleted;
      }
    }
  }
}
