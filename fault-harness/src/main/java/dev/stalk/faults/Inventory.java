package dev.stalk.faults;

import dev.stalk.peers.RedisServer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Everything that is in Redis, read key by key while nobody sends.
 *
 * @param places where each task's message is, by the task's id; twice if it is there twice
 * @param succeeded the tasks whose SUCCESS is stored
 * @param strays what nobody should have left there, a sentence each
 * @param counters how many counts of deliveries are left, that will expire
 */
record Inventory(
    Map<String, List<Place>> places, Set<String> succeeded, List<String> strays, int counters) {

  /** Where a message can be. */
  enum Place {
    QUEUED,
    HELD,
    PARKED,
    QUARANTINED
  }

  private static final List<String> STEPS =
      List.of("", "\u0006\u00163", "\u0006\u00166", "\u0006\u00169");
  private static final String RESULT = "celery-task-meta-";
  private static final String COUNTER = "stalk:deliveries:";
  private static final String QUARANTINE = ".quarantine";
  private static final int PAGE = 500;
  private static final JsonMapper json = new JsonMapper();

  /** The lists of these queues, one for each priority step. */
  static List<String> lists(Collection<String> queues) {
    return queues.stream().flatMap(queue -> STEPS.stream().map(step -> queue + step)).toList();
  }

  /** Whether nothing waits in these queues, and nobody holds anything. */
  static boolean isDrained(RedisServer redis, Collection<String> queues) {
    long left = (Long) Objects.requireNonNull(redis.command("HLEN", "unacked"));
    left += (Long) Objects.requireNonNull(redis.command("ZCARD", "unacked_index"));
    for (String list : lists(queues)) {
      left += (Long) Objects.requireNonNull(redis.command("LLEN", list));
    }
    return left == 0;
  }

  /** Reads all of it. */
  static Inventory read(RedisServer redis, Collection<String> queues) {
    return new Reader(redis, queues).read();
  }

  /** Deletes results and counters: they have been looked at. */
  static void sweep(RedisServer redis) {
    List<String> done = new ArrayList<>(texts(redis.command("KEYS", RESULT + "*")));
    done.addAll(texts(redis.command("KEYS", COUNTER + "*")));
    for (int from = 0; from < done.size(); from += PAGE) {
      List<String> words = new ArrayList<>(List.of("UNLINK"));
      words.addAll(done.subList(from, Math.min(done.size(), from + PAGE)));
      redis.command(words.toArray(String[]::new));
    }
  }

  private static List<String> texts(@Nullable Object reply) {
    List<String> texts = new ArrayList<>();
    for (Object item : (List<?>) Objects.requireNonNull(reply)) {
      texts.add(String.valueOf(item));
    }
    return texts;
  }

  /** Collects what the record holds. */
  private static final class Reader {
    private final RedisServer redis;
    private final Collection<String> queues;
    private final Map<String, List<Place>> places = new HashMap<>();
    private final Set<String> succeeded = new HashSet<>();
    private final List<String> strays = new ArrayList<>();
    private int counters;

    Reader(RedisServer redis, Collection<String> queues) {
      this.redis = redis;
      this.queues = queues;
    }

    Inventory read() {
      Set<String> lists = new HashSet<>(lists(queues));
      List<String> results = new ArrayList<>();
      for (String key : texts(redis.command("KEYS", "*"))) {
        if (lists.contains(key)) {
          texts(redis.command("LRANGE", key, "0", "-1")).forEach(m -> put(m, Place.QUEUED, key));
        } else if (isQuarantine(key)) {
          texts(redis.command("LRANGE", key, "0", "-1"))
              .forEach(m -> put(m.substring(m.indexOf('\n') + 1), Place.QUARANTINED, key));
        } else if (key.startsWith(RESULT)) {
          results.add(key);
        } else if (key.startsWith(COUNTER)) {
          counters++;
          expectToExpire(key);
        } else if (key.equals("unacked_mutex") || key.startsWith("stalk:settled:")) {
          expectToExpire(key);
        } else if (!isKnown(key)) {
          strays.add("the key " + key + " of type " + redis.command("TYPE", key));
        }
      }
      unacked();
      results(results);
      return new Inventory(places, succeeded, strays, counters);
    }

    private boolean isQuarantine(String key) {
      return key.endsWith(QUARANTINE)
          && queues.contains(key.substring(0, key.length() - QUARANTINE.length()));
    }

    private static boolean isKnown(String key) {
      return key.equals("unacked")
          || key.equals("unacked_index")
          || key.equals("stalk:holders")
          || key.equals("stalk:parked")
          || key.equals("_kombu.binding_deadlines") // kombu 5.7's, of reply queues that expire
          || key.startsWith("_kombu.binding.")
          || key.startsWith("_kombu.binding_permanent.");
    }

    private void expectToExpire(String key) {
      if (redis.command("PTTL", key) instanceof Long left && left == -1) {
        strays.add("the key " + key + ", which does not expire");
      }
    }

    private void unacked() {
      List<String> held = texts(redis.command("HGETALL", "unacked"));
      Set<String> index = new HashSet<>(texts(redis.command("ZRANGE", "unacked_index", "0", "-1")));
      for (int i = 0; i < held.size(); i += 2) {
        String tag = held.get(i);
        if (!index.remove(tag)) {
          strays.add("an entry of unacked that is not in its index: " + tag);
        }
        Place place = tag.startsWith("stalk:parked:") ? Place.PARKED : Place.HELD;
        putEnvelope(held.get(i + 1), "/0/headers/id", place, "unacked");
      }
      index.forEach(tag -> strays.add("a member of unacked_index without an entry: " + tag));
    }

    private void results(List<String> keys) {
      for (int from = 0; from < keys.size(); from += PAGE) {
        List<String> page = keys.subList(from, Math.min(keys.size(), from + PAGE));
        List<String> words = new ArrayList<>(List.of("MGET"));
        words.addAll(page);
        List<String> values = texts(redis.command(words.toArray(String[]::new)));
        for (int i = 0; i < page.size(); i++) {
          if (values.get(i).contains("\"status\": \"SUCCESS\"")) {
            succeeded.add(page.get(i).substring(RESULT.length()));
          }
        }
      }
    }

    private void put(String message, Place place, String key) {
      putEnvelope(message, "/headers/id", place, key);
    }

    private void putEnvelope(String text, String pointer, Place place, String key) {
      try {
        String id = json.readTree(text).at(pointer).stringValue("");
        if (id.isEmpty()) {
          strays.add("a message without an id in " + key + ": " + text);
        } else {
          places.computeIfAbsent(id, name -> new ArrayList<>()).add(place);
        }
      } catch (JacksonException e) {
        strays.add("what is no message in " + key + ": " + text);
      }
    }
  }
}
