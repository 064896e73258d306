package dev.stalk.benchmarks.subject;

import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import java.util.Map;

/**
 * The newest Celery, without the chatter between workers and without a log line for each task.
 *
 * @param pool {@code prefork} or {@code threads}
 */
record CelerySubject(String pool) implements Subject {
  @Override
  public String name() {
    return "Celery " + pool;
  }

  @Override
  public Running start(Site site, Plan plan) {
    CeleryWorker worker =
        CeleryWorker.builder(PythonEnvironment.celery())
            .app("bench_tasks")
            .directory(site.directory())
            .environment("REDIS_URL", site.url())
            .queues(plan.queues().toArray(String[]::new))
            .pool(pool)
            .concurrency(plan.processes())
            .name(slug() + "-" + plan.queues().get(0) + "@%h")
            .quiet()
            .start();
    return new Celery(worker);
  }

  private record Celery(CeleryWorker worker) implements Running {
    @Override
    public long pid() {
      return worker.pid();
    }

    @Override
    public Map<String, Double> stats() {
      return Map.of();
    }

    @Override
    public void close() {
      worker.kill();
    }
  }
}
