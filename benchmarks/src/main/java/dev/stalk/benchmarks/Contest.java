package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subject;
import dev.stalk.benchmarks.subject.Subjects;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets subjects drain equal messages in turns, so that whatever else the machine does meets all of
 * them alike.
 */
final class Contest {
  /** A Java worker's rate rises for that many drains, as long as its code is being compiled. */
  private static final int WARM_UPS = 5;

  private final Runner runner;
  private final Stock stock;
  private final Drainer drainer;

  Contest(Runner runner, Stock stock) {
    this.runner = runner;
    this.stock = stock;
    this.drainer = new Drainer(runner, stock);
  }

  /** How much a subject is given. */
  interface Share {
    /** The number of tasks for each of its queues. */
    int of(Subject subject);
  }

  /** Fewer for Celery, so that each takes a few seconds. */
  Share share(int small, int celery, int java) {
    return subject ->
        Subjects.celery().contains(subject)
            ? runner.pick(small, celery)
            : runner.pick(small * 4, java);
  }

  /**
   * Starts what was entered, lets it drain by turns, and stops it. Each has queues of its own, as
   * many as its plan, and works on nothing while others drain.
   *
   * @param url the Redis, or a proxy before it
   */
  List<Contender> hold(List<Entry> entries, Share share, int payload, String url)
      throws InterruptedException {
    List<Contender> contenders = new ArrayList<>();
    for (Entry entry : entries) {
      contenders.add(contender(entry, share.of(entry.subject()), payload, url));
    }
    for (int run = runner.small() ? 0 : -WARM_UPS; run < runner.runs(); run++) {
      for (Contender contender : contenders) {
        if (run < -1 && Subjects.celery().contains(contender.entry().subject())) {
          continue; // once is enough where nothing is compiled
        }
        Drained drained = drainer.drain(contender.worker(), contender.queues(), contender.tasks());
        runner.say("%s %s".formatted(contender.name(), Figures.rate(drained.rate())));
        if (run >= 0) {
          contender.drains().add(drained);
        }
      }
    }
    contenders.forEach(contender -> contender.worker().close());
    return contenders;
  }

  private Contender contender(Entry entry, int tasks, int payload, String url) {
    Plan own = entry.plan().queues(entry.slug() + "-", entry.plan().queues().size());
    for (String queue : own.queues()) {
      stock.make(queue, tasks, own.work(), payload);
    }
    Running worker = runner.start(entry.subject(), own, url);
    return new Contender(
        entry, worker, own.queues(), tasks * own.queues().size(), new ArrayList<>());
  }

  /** The figures of what was entered under this name. */
  static Contender find(List<Contender> contenders, String name) {
    return contenders.stream()
        .filter(contender -> contender.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
