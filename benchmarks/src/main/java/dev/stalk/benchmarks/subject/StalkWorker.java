package dev.stalk.benchmarks.subject;

import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** A worker as its users have it, configured by YAML, that tells its own meters. */
final class StalkWorker {
  /** Where queues and their further settings begin among the arguments. */
  private static final int SETTINGS = 5;

  private StalkWorker() {}

  public static void main(String[] arguments) throws IOException {
    WorkerConfig config =
        WorkerYaml.parse("bench.yaml", yaml(arguments), Map.of("REDIS_URL", arguments[0]));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Worker worker = Worker.builder().config(config).tasks(new BenchTasks()).metrics(meters).build();
    worker.start();
    Child.serve(() -> figures(meters));
  }

  private static String yaml(String[] arguments) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("broker: { url: \"${REDIS_URL}\" }\n");
    yaml.append("defaults: { threads: %s, buffer: %s }\n".formatted(arguments[2], arguments[3]));
    yaml.append("queues:\n");
    Map<String, String> settings = new HashMap<>();
    for (int i = SETTINGS; i < arguments.length; i += 2) {
      settings.put(arguments[i], arguments[i + 1]);
    }
    for (String queue : arguments[1].split(",", -1)) {
      yaml.append("  %s: { %s }\n".formatted(queue, settings.getOrDefault(queue, "")));
    }
    return yaml.toString();
  }

  private static Map<String, Double> figures(SimpleMeterRegistry meters) {
    Map<String, Double> figures = new HashMap<>();
    for (String name : new String[] {"fetched", "settled", "lapsed", "exchanges"}) {
      figures.put(name, sum(meters, "stalk.queue." + name));
    }
    figures.put("transitions", sum(meters, "stalk.breaker.transitions"));
    return figures;
  }

  private static double sum(SimpleMeterRegistry meters, String name) {
    double sum = 0;
    for (Meter meter : meters.find(name).meters()) {
      sum += meter.measure().iterator().next().getValue();
    }
    return sum;
  }
}
