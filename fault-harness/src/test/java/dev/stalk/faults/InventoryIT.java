package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.faults.Inventory.Place;
import dev.stalk.peers.RedisServer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InventoryIT {
  private static final List<String> QUEUES = List.of("java", "shared");

  private RedisServer redis;

  @BeforeEach
  void start() {
    redis = RedisServer.start();
  }

  @AfterEach
  void stop() {
    redis.close();
  }

  private static String message(String id) {
    return "{\"body\": \"\", \"headers\": {\"id\": \"" + id + "\"}, \"properties\": {}}";
  }

  private void hold(String tag, String id) {
    redis.command("HSET", "unacked", tag, "[" + message(id) + ",\"\",\"java\"]");
    redis.command("ZADD", "unacked_index", "1", tag);
  }

  @Test
  void everyPlaceOfAMessageIsFound() {
    redis.command("LPUSH", "java", message("waiting"));
    redis.command("LPUSH", "shared\u0006\u00166", message("later"));
    hold("stalk:held:w:0:1", "held");
    hold("stalk:parked:1", "parked");
    redis.command("RPUSH", "java.quarantine", "{\"reason\": \"x\"}\n" + message("aside"));

    Inventory inventory = Inventory.read(redis, QUEUES);

    assertThat(inventory.strays()).isEmpty();
    assertThat(inventory.places())
        .containsEntry("waiting", List.of(Place.QUEUED))
        .containsEntry("later", List.of(Place.QUEUED))
        .containsEntry("held", List.of(Place.HELD))
        .containsEntry("parked", List.of(Place.PARKED))
        .containsEntry("aside", List.of(Place.QUARANTINED))
        .hasSize(5);
    assertThat(Inventory.isDrained(redis, QUEUES)).isFalse();
  }

  @Test
  void onlyASuccessCountsAsAResult() {
    redis.command("SET", "celery-task-meta-good", "{\"status\": \"SUCCESS\"}");
    redis.command("SET", "celery-task-meta-bad", "{\"status\": \"FAILURE\"}");

    assertThat(Inventory.read(redis, QUEUES).succeeded()).containsExactly("good");
  }

  @Test
  void whatNobodyKnowsIsAStray() {
    redis.command("SET", "surprise", "1");
    redis.command("HSET", "unacked", "orphan", "[" + message("o") + ",\"\",\"java\"]");
    redis.command("ZADD", "unacked_index", "1", "ghost");
    redis.command("SET", "stalk:deliveries:x", "1");
    redis.command("LPUSH", "java", "no message");

    assertThat(Inventory.read(redis, QUEUES).strays())
        .containsExactlyInAnyOrder(
            "the key surprise of type string",
            "an entry of unacked that is not in its index: orphan",
            "a member of unacked_index without an entry: ghost",
            "the key stalk:deliveries:x, which does not expire",
            "what is no message in java: no message");
  }

  @Test
  void aSweptRedisHoldsNoResults() {
    redis.command("SET", "celery-task-meta-good", "{\"status\": \"SUCCESS\"}");
    redis.command("SET", "stalk:deliveries:x", "1", "EX", "100");

    Inventory.sweep(redis);

    assertThat(redis.command("DBSIZE")).isEqualTo(0L);
    assertThat(Inventory.isDrained(redis, QUEUES)).isTrue();
  }
}
