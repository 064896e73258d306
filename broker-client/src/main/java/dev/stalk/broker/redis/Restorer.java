package dev.stalk.broker.redis;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Moves entries of {@code unacked} to lists, many in one step, each only if nobody has touched it
 * since it was read. Thread-safe.
 */
final class Restorer {
  private static final Logger log = LoggerFactory.getLogger(Restorer.class);
  private static final RedisScript RESTORE = RedisScript.load("restore.lua");
  private static final int PAGE = 100;
  private static final int BYTES = 1 << 20;

  /**
   * An entry and where it goes.
   *
   * @param score as it was read
   * @param length of its value as it was read; 0 where it has none
   * @param pushed what goes to the lists
   * @param lists none to delete the entry
   */
  record Move(String tag, byte[] score, int length, byte[] pushed, List<byte[]> lists) {}

  private final RedisKeys keys;
  private final RedisPool pool;

  Restorer(RedisKeys keys, RedisPool pool) {
    this.keys = keys;
    this.pool = pool;
  }

  /**
   * The move of a message back to queues, where it is fetched next, at its priority, marked as
   * redelivered and otherwise unchanged (kombu {@code
   * transport/redis.py:Channel._do_restore_message}).
   */
  Move backTo(List<String> queues, String tag, byte[] score, int length, byte[] message) {
    byte[] marked = Redelivery.mark(message);
    int priority = MessageCodec.priority(marked);
    return new Move(
        tag, score, length, marked, queues.stream().map(q -> keys.list(q, priority)).toList());
  }

  /** The move of a message back to its queue as it is: it had only waited for its time. */
  Move unchangedTo(String queue, String tag, byte[] score, int length, byte[] message) {
    byte[] list = keys.list(queue, MessageCodec.priority(message));
    return new Move(tag, score, length, message, List.of(list));
  }

  /** What is held under these tags, in their order. */
  List<byte @Nullable []> values(List<String> tags) {
    if (tags.isEmpty()) {
      return List.of();
    }
    List<byte[]> words = new ArrayList<>(1 + tags.size());
    words.add(keys.unacked());
    tags.forEach(tag -> words.add(RedisKeys.bytes(tag)));
    List<?> answer =
        (List<?>) pool.repeatable(c -> c.call(Command.HMGET, words.toArray(byte[][]::new)));
    List<byte @Nullable []> values = new ArrayList<>(tags.size());
    answer.forEach(value -> values.add((byte[]) value));
    return values;
  }

  /**
   * Makes the moves in order: of those to the same list, the last is fetched first. What its list
   * refuses stays where it was, and is logged.
   *
   * @return which were made, in the same order
   */
  List<Boolean> restore(List<Move> moves) {
    List<Boolean> made = new ArrayList<>(moves.size());
    int from = 0;
    while (from < moves.size()) {
      int bytes = 0;
      int to = from;
      while (to < moves.size() && to - from < PAGE && (to == from || bytes < BYTES)) {
        bytes += moves.get(to).pushed().length;
        to++;
      }
      made.addAll(restorePage(moves.subList(from, to)));
      from = to;
    }
    return made;
  }

  private List<Boolean> restorePage(List<Move> page) {
    List<byte[]> names = new ArrayList<>(List.of(keys.unacked(), keys.unackedIndex()));
    List<byte[]> arguments = new ArrayList<>();
    for (Move move : page) {
      arguments.add(RedisKeys.bytes(move.tag()));
      arguments.add(move.score());
      arguments.add(RedisKeys.bytes(move.length()));
      arguments.add(move.pushed());
      arguments.add(RedisKeys.bytes(move.lists().size()));
      for (byte[] list : move.lists()) {
        names.add(list);
        arguments.add(RedisKeys.bytes(names.size()));
      }
    }
    List<?> fates = (List<?>) pool.with(c -> RESTORE.call(c, names, arguments));
    List<Boolean> made = new ArrayList<>(page.size());
    for (int i = 0; i < page.size(); i++) {
      if (fates.get(i) instanceof byte[] refused) {
        log.error("cannot restore {}: {}", page.get(i).tag(), RedisKeys.text(refused));
        made.add(false);
      } else {
        made.add(fates.get(i).equals(1L));
      }
    }
    return made;
  }
}
