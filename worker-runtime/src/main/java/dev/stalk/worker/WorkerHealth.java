package dev.stalk.worker;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How a worker does, for those who restart it and for those who watch it.
 *
 * @param live whether every loop lives: if not, only a restart helps
 * @param ready whether it runs, and the broker answered every queue when last asked. An open
 *     breaker is no lack of readiness: it is the worker doing its work
 * @param queues what stands where, by queue
 */
record WorkerHealth(boolean live, boolean ready, Map<String, Map<String, Object>> queues) {

  static WorkerHealth of(boolean running, Collection<QueueConsumer> consumers) {
    List<QueueConsumer> serving =
        consumers.stream().filter(consumer -> !consumer.isRetired()).toList();
    Map<String, Map<String, Object>> queues = new LinkedHashMap<>();
    serving.forEach(consumer -> queues.put(consumer.name(), of(consumer)));
    return new WorkerHealth(
        !running || serving.stream().allMatch(QueueConsumer::isAlive),
        running && serving.stream().allMatch(QueueConsumer::isConnected),
        queues);
  }

  private static Map<String, Object> of(QueueConsumer consumer) {
    Map<String, Object> queue = new LinkedHashMap<>();
    queue.put("redis", consumer.isConnected() ? "up" : "down");
    queue.put("breaker", state(consumer.breaker()));
    Map<String, Object> tasks = new TreeMap<>();
    consumer.taskBreakers().all().forEach((task, breaker) -> tasks.put(task, state(breaker)));
    if (!tasks.isEmpty()) {
      queue.put("task-breakers", tasks);
    }
    queue.put("running", consumer.running());
    queue.put("held", consumer.held());
    queue.put("threads", consumer.threads());
    return queue;
  }

  private static String state(@Nullable QueueBreaker breaker) {
    return breaker == null ? "none" : breaker.state().name();
  }
}
