package dev.stalk.broker.redis;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Entries of {@code unacked} that the index does not know: nobody would ever restore them. They are
 * given a member of the index, and so return after a visibility timeout. Looked for only when the
 * hash has been larger than the index twice in a row. Used by one thread at a time.
 */
final class Orphans {
  private static final Logger log = LoggerFactory.getLogger(Orphans.class);
  private static final RedisScript ADOPT = RedisScript.load("adopt.lua");
  private static final int PAGE = 50;

  private final RedisKeys keys;
  private final RedisPool pool;
  private boolean suspected;

  Orphans(RedisKeys keys, RedisPool pool) {
    this.keys = keys;
    this.pool = pool;
  }

  /** Returns how many were found. */
  int adopt() {
    boolean more = hashIsLarger();
    int adopted = more && suspected ? scan() : 0;
    suspected = more && adopted == 0;
    if (adopted > 0) {
      log.error(
          "{} messages stood in unacked without a member in unacked_index; they return to their"
              + " queues after a visibility timeout",
          adopted);
    }
    return adopted;
  }

  /** Both sizes at one instant: under load they would differ otherwise. */
  private boolean hashIsLarger() {
    return pool.with(
        connection -> {
          connection.write(Command.MULTI);
          connection.write(Command.HLEN, keys.unacked());
          connection.write(Command.ZCARD, keys.unackedIndex());
          connection.write(Command.EXEC);
          List<Object> answers = connection.sendAndReadAll(4);
          RedisConnection.throwFirstError(answers);
          List<?> sizes = (List<?>) answers.get(3);
          return (Long) sizes.get(0) > (Long) sizes.get(1);
        });
  }

  /** The script reads the fields: their values would all travel here otherwise. */
  private int scan() {
    List<byte[]> names = List.of(keys.unacked(), keys.unackedIndex());
    long adopted = 0;
    byte[] cursor = RedisKeys.bytes(0);
    do {
      List<byte[]> arguments = List.of(cursor, RedisKeys.bytes(PAGE));
      List<?> answer = (List<?>) pool.with(c -> ADOPT.call(c, names, arguments));
      cursor = (byte[]) answer.get(0);
      adopted += (Long) answer.get(1);
    } while (!RedisKeys.text(cursor).equals("0"));
    return Math.toIntExact(adopted);
  }
}
