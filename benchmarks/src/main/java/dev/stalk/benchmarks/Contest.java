package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subject;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets subjects drain equal messages in turns, so that whatever else the machine does meets all of
 * them alike.
 */
final class Contest {
  private static final int WARM_UPS = 2;

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
        subject.slug().startsWith("celery")
            ? runner.pick(small, celery)
            : runner.pick(small * 4, java);
  }

  /**
   * Starts the subjects, lets them drain by turns, and stops them.
   *
   * @param plan the same for all; each works on queues of its own, as many as the plan has
   * @param url the Redis, or a proxy before it
   */
  List<Contender> hold(List<Subject> subjects, Plan plan, Share share, int payload, String url)
      throws InterruptedException {
    List<Contender> contenders = new ArrayList<>();
    for (Subject subject : subjects) {
      contenders.add(contender(subject, plan, share.of(subject), payload, url));
    }
    for (int run = runner.small() ? 0 : -WARM_UPS; run < runner.runs(); run++) {
      for (Contender contender : contenders) {
        Drained drained = drainer.drain(contender.worker(), contender.queues(), contender.tasks());
        runner.say("%s %s".formatted(contender.subject().name(), Figures.rate(drained.rate())));
        if (run >= 0) {
          contender.drains().add(drained);
        }
      }
    }
    contenders.forEach(contender -> contender.worker().close());
    return contenders;
  }

  private Contender contender(Subject subject, Plan plan, int tasks, int payload, String url) {
    Plan own = plan.queues(subject.slug() + "-", plan.queues().size());
    for (String queue : own.queues()) {
      stock.make(queue, tasks, plan.work(), payload);
    }
    Running worker = runner.start(subject, own, url);
    return new Contender(
        subject, worker, own.queues(), tasks * own.queues().size(), new ArrayList<>());
  }

  /** The figures of one of them. */
  static Contender find(List<Contender> contenders, Subject subject) {
    return contenders.stream()
        .filter(contender -> contender.subject().equals(subject))
        .findFirst()
        .orElseThrow();
  }
}
