package dev.stalk.benchmarks.subject;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The least a program in Java must do that loses no message: record before it pops, store, publish,
 * acknowledge, all of a batch in one script and one round trip. It decodes nothing, checks nothing,
 * runs nothing, and could not stop or reconnect. A thread and a connection for each queue.
 */
final class BareLoop {
  private static final String SCRIPT =
      """
      -- KEYS list, unacked, unacked_index, keys of results
      -- ARGV wanted, prefix of tags, number of the first, now, end of the unacked values,
      --      number of the finished, their tags, a meta for each key of a result
      local finished = tonumber(ARGV[6])
      if finished > 0 then
        local tags = {}
        for i = 1, finished do
          tags[i] = ARGV[6 + i]
        end
        redis.call('ZREM', KEYS[3], unpack(tags))
        for i = 4, #KEYS do
          local meta = ARGV[6 + finished + i - 3]
          redis.call('SETEX', KEYS[i], 86400, meta)
          redis.call('PUBLISH', KEYS[i], meta)
        end
        redis.call('HDEL', KEYS[2], unpack(tags))
      end
      local tail = redis.call('LRANGE', KEYS[1], -tonumber(ARGV[1]), -1)
      if #tail > 0 then
        local values, scores, first = {}, {}, tonumber(ARGV[3])
        for i = 1, #tail do
          local tag = ARGV[2] .. string.format('%020d', first + i - 1)
          values[2 * i - 1], values[2 * i] = tag, '[' .. tail[i] .. ARGV[5]
          scores[2 * i - 1], scores[2 * i] = ARGV[4], tag
        end
        redis.call('HSET', KEYS[2], unpack(values))
        redis.call('ZADD', KEYS[3], unpack(scores))
        redis.call('LTRIM', KEYS[1], 0, -#tail - 1)
      end
      return tail
      """;

  private static final String HOLDER = "stalk:held:3f2b8f58-7f0c-4f0e-9d57-1f3f3e2b7a10:";
  private static final String ID = "\"id\": \"";

  private final RedisLine redis;
  private final byte[] digest;
  private final String queue;
  private final String prefix;
  private final byte[] batch;
  private final Work work;
  private long number;

  private BareLoop(RedisLine redis, Plan plan, int which) {
    this.redis = redis;
    this.digest = redis.load(SCRIPT);
    this.queue = plan.queues().get(which);
    this.prefix = HOLDER + which + ":";
    this.batch = RedisLine.bytes(Integer.toString(plan.batch()));
    this.work = plan.work();
  }

  public static void main(String[] arguments) throws IOException {
    Plan plan = Child.plan(arguments);
    for (int i = 0; i < plan.queues().size(); i++) {
      BareLoop loop = new BareLoop(RedisLine.open(arguments[0]), plan, i);
      boolean answers = plan.work() == Work.CLOCK || plan.work() == Work.WHO;
      new Thread(answers ? loop::answer : loop::drain, "bare-loop-" + i).start();
    }
    Child.serve();
  }

  private void drain() {
    List<?> held = List.of();
    while (true) {
      held = exchange(held);
      if (held.isEmpty()) {
        awaitMessage();
      }
    }
  }

  /**
   * Moves the next message to where it is, which waits until there is one: an idle loop that kept
   * asking would be counted as the work of whoever drains meanwhile.
   */
  private void awaitMessage() {
    redis.call("BLMOVE", queue, queue, "RIGHT", "RIGHT", "30");
  }

  private List<?> exchange(List<?> finished) {
    int results = work == Work.RESULT ? finished.size() : 0;
    List<byte[]> words = new ArrayList<>(16 + 3 * finished.size());
    words.add(RedisLine.bytes("EVALSHA"));
    words.add(digest);
    words.add(RedisLine.bytes(Integer.toString(3 + results)));
    words.add(RedisLine.bytes(queue));
    words.add(RedisLine.bytes("unacked"));
    words.add(RedisLine.bytes("unacked_index"));
    long first = number - finished.size();
    for (int i = 0; i < results; i++) {
      words.add(RedisLine.bytes("celery-task-meta-" + id(first + i)));
    }
    words.add(batch);
    words.add(RedisLine.bytes(prefix));
    words.add(RedisLine.bytes(Long.toString(number)));
    words.add(RedisLine.bytes(Long.toString(System.currentTimeMillis() / 1000)));
    words.add(RedisLine.bytes(",\"\",\"" + queue + "\"]"));
    words.add(RedisLine.bytes(Integer.toString(finished.size())));
    for (int i = 0; i < finished.size(); i++) {
      words.add(RedisLine.bytes(prefix + padded(first + i, 20)));
    }
    for (int i = 0; i < results; i++) {
      words.add(RedisLine.bytes(meta("null", id(first + i))));
    }
    List<?> fetched = RedisLine.list(redis.call(words.toArray(byte[][]::new)));
    number += fetched.size();
    return fetched;
  }

  /** The id of a task, by its number. */
  static String id(long number) {
    return "7c0a41d2-98f6-4f5c-8a3e-" + padded(number, 12);
  }

  private static String padded(long number, int width) {
    String digits = Long.toString(number);
    return "0".repeat(width - digits.length()) + digits;
  }

  /** A result's meta, as text. */
  static String meta(String result, String id) {
    return "{\"status\": \"SUCCESS\", \"result\": "
        + result
        + ", \"traceback\": null, \"children\": [], \"date_done\":"
        + " \"2026-11-22T03:00:00.000000+00:00\", \"task_id\": \""
        + id
        + "\"}";
  }

  /** The quickest way to begin a task: pop it as it comes; a crash would lose it. */
  private void answer() {
    while (true) {
      @Nullable Object popped = redis.call("BRPOP", queue, "30");
      double now = new BenchTasks().clock();
      if (popped instanceof List<?> pair) {
        String message = new String((byte[]) pair.get(1), StandardCharsets.UTF_8);
        int at = message.indexOf(ID) + ID.length();
        String id = message.substring(at, message.indexOf('"', at));
        String key = "celery-task-meta-" + id;
        String result = work == Work.WHO ? "[\"bare\", " + now + "]" : Double.toString(now);
        String meta = meta(result, id);
        redis.write(bytes("SETEX", key, "86400", meta));
        redis.write(bytes("PUBLISH", key, meta));
        redis.readAll(2);
      }
    }
  }

  private static byte[][] bytes(String... words) {
    byte[][] bytes = new byte[words.length][];
    for (int i = 0; i < words.length; i++) {
      bytes[i] = RedisLine.bytes(words[i]);
    }
    return bytes;
  }
}
