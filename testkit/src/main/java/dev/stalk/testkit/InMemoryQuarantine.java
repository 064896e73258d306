package dev.stalk.testkit;

import dev.stalk.broker.codec.DeliveryInfo;
import dev.stalk.broker.codec.DeliveryTag;
import dev.stalk.broker.codec.EnvelopeCheck;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.TaskIdentity;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QuarantineEntry;
import dev.stalk.broker.transport.QuarantinedMessage;
import dev.stalk.broker.transport.Replay;
import dev.stalk.broker.transport.Replay.Outcome;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What was put aside, in memory. Thread-safe. */
final class InMemoryQuarantine implements Quarantine {
  private static final int MAX_LIMIT = 1000;
  private static final int ID_DIGITS = 16;

  /** How much of a message a page reads; the task's name stands behind the body. */
  private static final int BEGINNING = 65_536;

  /** A message that was put aside. */
  record Kept(String reason, String queue, Instant time, long deliveries, byte[] message) {

    /** Made of everything it consists of. */
    String id() {
      try {
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        String line = "%s\n%s\n%s\n%d\n".formatted(reason, queue, time, deliveries);
        sha1.update(line.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(sha1.digest(message)).substring(0, ID_DIGITS);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has SHA-1", e);
      }
    }

    QuarantineEntry entry(long index) {
      TaskIdentity task =
          TaskIdentity.of(message.length > BEGINNING ? Arrays.copyOf(message, BEGINNING) : message);
      return new QuarantineEntry(
          id(), index, reason, queue, time, deliveries, message.length, task.task(), task.id());
    }

    QuarantinedMessage whole(long index) {
      return new QuarantinedMessage(entry(index), message, EnvelopeCheck.problem(message));
    }
  }

  private final InMemoryTransport transport;
  private final InMemoryStore store;

  InMemoryQuarantine(InMemoryTransport transport) {
    this.transport = transport;
    this.store = transport.store();
  }

  /** Puts a message aside. In a step. */
  static void add(
      InMemoryStore store, String queue, String reason, long deliveries, byte[] message) {
    store
        .quarantine
        .computeIfAbsent(queue, name -> new ArrayList<>())
        .add(new Kept(reason, queue, store.now(), deliveries, message));
  }

  /** In a step. */
  private List<Kept> in(String queue) {
    return store.quarantine.getOrDefault(queue, new ArrayList<>());
  }

  @Override
  public SortedMap<String, Long> queues() {
    return transport.step(
        () -> {
          SortedMap<String, Long> counts = new TreeMap<>();
          store.quarantine.forEach(
              (queue, kept) -> {
                if (!kept.isEmpty()) {
                  counts.put(queue, (long) kept.size());
                }
              });
          return counts;
        });
  }

  @Override
  public long count(String queue) {
    return transport.step(() -> (long) in(queue).size());
  }

  @Override
  public List<QuarantineEntry> list(String queue, long offset, int limit) {
    if (offset < 0 || limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException(
          "a page begins at 0 or later and has 1 to %d entries, not %d from %d"
              .formatted(MAX_LIMIT, limit, offset));
    }
    return transport.step(
        () -> {
          List<QuarantineEntry> page = new ArrayList<>();
          for (long i = offset; i < in(queue).size() && page.size() < limit; i++) {
            page.add(in(queue).get((int) i).entry(i));
          }
          return page;
        });
  }

  @Override
  public @Nullable QuarantinedMessage find(String queue, String id) {
    return transport.<@Nullable QuarantinedMessage>step(
        () -> {
          int index = indexOf(queue, id);
          return index < 0 ? null : in(queue).get(index).whole(index);
        });
  }

  private int indexOf(String queue, String id) {
    List<Kept> kept = in(queue);
    for (int i = 0; i < kept.size(); i++) {
      if (kept.get(i).id().equals(id)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public @Nullable QuarantinedMessage at(String queue, long index) {
    return transport.<@Nullable QuarantinedMessage>step(
        () ->
            index < 0 || index >= in(queue).size()
                ? null
                : in(queue).get((int) index).whole(index));
  }

  @Override
  public Replay replay(String queue, String id, @Nullable String to) {
    return transport.step(
        () -> {
          int index = indexOf(queue, id);
          return index < 0
              ? new Replay(id, Outcome.GONE, "not in the quarantine of " + queue)
              : replay(queue, in(queue).get(index), to == null ? queue : to);
        });
  }

  private Replay replay(String queue, Kept kept, String target) {
    byte[] message =
        target.equals(kept.queue())
            ? kept.message()
            : DeliveryInfo.readdress(kept.message(), target);
    String problem = EnvelopeCheck.problem(message);
    if (!problem.isEmpty()) {
      return new Replay(kept.id(), Outcome.REFUSED, "no worker could take it: " + problem);
    }
    store.checkMemory();
    store.push(target, MessageCodec.priority(message), message);
    in(queue).remove(kept);
    String tag = DeliveryTag.of(message);
    if (tag != null) { // one that keeps its mark is counted when it begins, which is its first time
      transport.count(tag, DeliveryInfo.isRedelivered(message) ? -1L : null);
    }
    return new Replay(kept.id(), Outcome.REPLAYED, target);
  }

  @Override
  public List<Replay> replayAll(String queue, @Nullable String to) {
    String target = to == null ? queue : to;
    return transport.step(
        () -> List.copyOf(in(queue)).stream().map(kept -> replay(queue, kept, target)).toList());
  }

  @Override
  public boolean purge(String queue, String id) {
    return transport.step(
        () -> {
          int index = indexOf(queue, id);
          return index >= 0 && in(queue).remove(index) != null;
        });
  }

  @Override
  public long purgeAll(String queue) {
    return transport.step(
        () -> {
          List<Kept> kept = store.quarantine.remove(queue);
          return kept == null ? 0L : kept.size();
        });
  }

  @Override
  public long purgeOlderThan(String queue, Duration age) {
    return transport.step(
        () -> {
          List<Kept> kept = in(queue);
          int before = kept.size();
          Instant oldest = store.now().minus(age);
          kept.removeIf(each -> each.time().isBefore(oldest));
          return (long) before - kept.size();
        });
  }
}
