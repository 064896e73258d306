package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.CeleryWorker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A Celery worker takes whatever Java sends. */
class ManyTasksIT {
  private static final int TASKS = 10_000;
  private static final String SUCCESSES =
      "local n = 0 for _, key in ipairs(redis.call('KEYS', 'celery-task-meta-*')) do"
          + " if string.find(redis.call('GET', key), '\"status\": \"SUCCESS\"', 1, true) then"
          + " n = n + 1 end end return n";

  private final Random random = new Random(5);

  private Object value(int depth) {
    return switch (random.nextInt(depth > 2 ? 6 : 8)) {
      case 0 -> random.nextLong();
      case 1 -> random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
      case 2 -> random.nextBoolean();
      case 3 -> text();
      case 4 -> random.nextInt(100);
      case 5 -> "x".repeat(random.nextInt(3000));
      case 6 -> values(depth + 1);
      default -> {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          map.put("k" + text(), value(depth + 1));
        }
        yield map;
      }
    };
  }

  private List<Object> values(int depth) {
    List<Object> values = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.add(value(depth));
    }
    return values;
  }

  /** Of any characters but halves of surrogate pairs. */
  private String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(12); i > 0; i--) {
      int character = random.nextInt(random.nextBoolean() ? 0x80 : 0x1ffff);
      text.appendCodePoint(character >= 0xd800 && character <= 0xdfff ? '?' : character);
    }
    return text.toString();
  }

  @Test
  void tenThousandRandomTasksAreRunByCeleryWithoutALineOfError() throws Exception { // RT-5
    try (Interop peers = new Interop()) {
      CeleryWorker celery = peers.celeryWorker(2, "python");
      List<TaskSignature> calls = new ArrayList<>();
      for (int i = 0; i < TASKS; i++) {
        calls.add(
            TaskSignature.of("interop.describe", values(0).toArray())
                .kwarg("named", value(0))
                .withPriority(random.nextInt(10)));
      }

      peers.client().sendAll(calls);

      Interop.await(Duration.ofMinutes(5), "all have ended", () -> peers.number("DBSIZE") >= TASKS);
      Interop.await("all have succeeded", () -> peers.number("EVAL", SUCCESSES, "0") == TASKS);
      assertThat(celery.output()).noneMatch(line -> line.matches(".*(ERROR|CRITICAL|Traceback).*"));
    }
  }
}
