package dev.stalk.benchmarks.subject;

import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.Map;

/** A worker as its users have it, configured by YAML, that tells its own meters. */
final class StalkWorker {
  private StalkWorker() {}

  public static void main(String[] arguments) throws IOException {
    WorkerConfig config =
        WorkerYaml.parse(
            "bench.yaml", yaml(Child.plan(arguments)), Map.of("REDIS_URL", arguments[0]));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Worker worker = Worker.builder().config(config).tasks(new BenchTasks()).metrics(meters).build();
    worker.start();
    Child.serve(() -> Map.of("transitions", sum(meters, "stalk.breaker.transitions")));
  }

  private static String yaml(Plan plan) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("broker: { url: \"${REDIS_URL}\" }\n");
    yaml.append("defaults: { %s }\n".formatted(plan.defaults()));
    yaml.append("queues:\n");
    for (String queue : plan.queues()) {
      yaml.append("  %s: { %s }\n".formatted(queue, plan.settings().getOrDefault(queue, "")));
    }
    return yaml.toString();
  }

  private static double sum(SimpleMeterRegistry meters, String name) {
    double sum = 0;
    for (Meter meter : meters.find(name).meters()) {
      sum += meter.measure().iterator().next().getValue();
    }
    return sum;
  }
}
