package dev.stalk.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One run of a scenario: rounds of faults under load, each followed by a balance. For one thread,
 * once.
 */
final class Experiment implements AutoCloseable {
  private static final Duration SETTLE = Duration.ofSeconds(60);
  private static final Duration SETTLE_CELERY = Duration.ofSeconds(30);
  private static final int TAIL = 60;

  private final Scenario scenario;
  private final Consumer<String> progress;
  private final Stage stage;
  private final FaultPlan plan;
  private final Drain drain;
  private final RollCall rollCall;
  private final Totals totals;

  /**
   * Starts everything.
   *
   * @param progress takes a line for each round, and for what takes time before
   */
  Experiment(Scenario scenario, Consumer<String> progress) throws IOException {
    this.scenario = scenario;
    this.progress = progress;
    this.stage = new Stage(scenario, progress);
    this.plan = new FaultPlan(scenario.seed(), scenario.meanPause());
    this.drain = new Drain(stage);
    this.rollCall = new RollCall(stage, drain);
    this.totals = new Totals(scenario, stage.redisVersion(), stage.celeryVersion());
  }

  /**
   * Does all rounds, or as many as pass until one breaks a promise.
   *
   * @param afterRound given what it came to so far
   */
  Totals run(Consumer<Totals> afterRound) throws InterruptedException {
    long began = stage.clock().millis();
    stage.fleet().awaitReady();
    for (int round = 1; round <= scenario.rounds(); round++) {
      int faults =
          Math.min(scenario.perRound(), scenario.faults() - (round - 1) * scenario.perRound());
      Totals.Round result = round(round, faults);
      totals.add(result, stage.injector(), Duration.ofMillis(stage.clock().millis() - began));
      progress.accept(line(round, result));
      afterRound.accept(totals);
      if (!result.violations().isEmpty() && !scenario.keepGoing()) {
        break;
      }
    }
    return totals;
  }

  private Totals.Round round(int number, int faults) throws InterruptedException {
    stage.file().mark();
    Ledger ledger = new Ledger();
    String prefix = "r" + number + "-";
    strike(number, prefix, faults, ledger);
    stage.fleet().awaitReady();

    long began = stage.clock().millis();
    boolean drained = drain.await(scenario.isCeleryAlone() ? SETTLE_CELERY : SETTLE);
    Duration settled = Duration.ofMillis(stage.clock().millis() - began);
    List<String> violations = new ArrayList<>();
    if (!drained && !scenario.isCeleryAlone()) {
      violations.add("the queues were not drained within " + SETTLE + ":\n" + drain.remains());
    }

    List<String> deaf = rollCall.deaf(prefix, ledger);
    deaf.forEach(worker -> replace(worker, violations));
    stage.fleet().awaitReady();
    drained &= deaf.isEmpty();
    drained &= drain.await(SETTLE_CELERY);
    return close(ledger, faults, settled, deaf.size(), drained, violations);
  }

  private void strike(int number, String prefix, int faults, Ledger ledger)
      throws InterruptedException {
    long seed = scenario.seed() + 2L * number;
    Producers producers =
        new Producers(
            stage.client(),
            new Load(seed, prefix + "j", scenario.queues()),
            stage.python(),
            new Load(seed + 1, prefix + "p", scenario.queues()),
            ledger,
            stage.watch()::waiting,
            stage.clock());
    try {
      for (int i = 0; i < faults; i++) {
        stage.injector().inject(plan.next());
      }
      stage.injector().heal();
    } finally {
      producers.stop();
    }
  }

  /** The next round is to begin with workers that work. */
  private void replace(String deaf, List<String> violations) {
    if (Execution.isJava(deaf)) {
      violations.add(deaf + " takes no tasks any more:\n" + tail(stage.fleet().outputOf(deaf)));
    }
    WorkerSlot slot = stage.fleet().slotOf(deaf);
    if (slot != null) {
      slot.kill();
    }
  }

  private Totals.Round close(
      Ledger ledger,
      int faults,
      Duration settled,
      int deaf,
      boolean drained,
      List<String> violations) {
    stage.journals().standstills(stage.timeline());
    Map<String, List<Execution>> executions = stage.journals().executions();
    Books books =
        Books.balance(
            ledger,
            executions,
            Inventory.read(stage.redis(), scenario.queues()),
            stage.timeline(),
            stage.file()::traces);
    int exits = 0;
    int failedStarts = 0;
    for (WorkerSlot slot : stage.fleet().slots()) {
      WorkerSlot.Conduct conduct = slot.conduct();
      exits += conduct.exits();
      failedStarts += conduct.failedStarts();
      if (slot.isJava() && conduct.exits() + conduct.stubborn() > 0) {
        violations.addAll(conduct.lastWords());
      }
    }
    if (!scenario.isCeleryAlone()) {
      violations.addAll(books.violations());
      if (!books.isBalanced()) {
        books.violations().forEach(text -> violations.addAll(outputsFor(text, executions)));
      }
    }
    forget();
    return new Totals.Round(faults, books, settled, deaf, drained, exits, failedStarts, violations);
  }

  private List<String> outputsFor(String violation, Map<String, List<Execution>> executions) {
    List<String> outputs = new ArrayList<>();
    executions.forEach(
        (id, runs) -> {
          if (violation.startsWith("task " + id + " ")) {
            runs.forEach(
                run ->
                    outputs.add(
                        "  "
                            + run.worker()
                            + " printed:\n"
                            + tail(stage.fleet().outputOf(run.worker()))));
          }
        });
    return outputs;
  }

  private static String tail(List<String> lines) {
    return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
  }

  /** The next round starts with clean pages. */
  private void forget() {
    stage.journals().clear(stage.fleet().instances());
    stage.timeline().clear();
    stage.fleet().slots().forEach(WorkerSlot::forgetPast);
    Inventory.sweep(stage.redis());
    for (String queue : scenario.queues()) {
      stage.redis().command("DEL", queue + ".quarantine");
    }
    if (scenario.isCeleryAlone()) { // what was never drained is counted, and would be counted again
      stage.redis().command("DEL", "unacked", "unacked_index");
      Inventory.lists(scenario.queues()).forEach(list -> stage.redis().command("DEL", list));
    }
  }

  private String line(int number, Totals.Round round) {
    Books books = round.books();
    return "round %d/%d: %d faults, sent %d (unknown %d), done %d, lost %d, begun again %s, left %s, stuck %d, exits %d, drained in %.1f s%s"
        .formatted(
            number,
            scenario.rounds(),
            round.faults(),
            books.sent(),
            books.unknown(),
            books.done(),
            books.lost().size(),
            books.repeats(),
            books.left(),
            round.stuck(),
            round.exits(),
            round.settled().toMillis() / 1000.0,
            round.violations().isEmpty() ? "" : ", " + round.violations().size() + " VIOLATIONS");
  }

  /** Stops everything; may be called by another thread, and then ends the run with an error. */
  @Override
  public void close() {
    stage.close();
  }
}
