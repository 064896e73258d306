package dev.stalk.faults;

import dev.stalk.broker.BrokerClient;
import dev.stalk.peers.PeerUnavailableException;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import dev.stalk.peers.RedisServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario: starts a Redis and the fleet, does the rounds, and stops everything again.
 * For one thread, once.
 */
final class Experiment implements AutoCloseable {
  private static final Duration SETTLE = Duration.ofSeconds(60);
  private static final Duration SETTLE_CELERY = Duration.ofSeconds(30);
  private static final long LOOK = 50;

  /** Longer than the longest task. */
  private static final long QUIET = 2 * Load.LEASE.toMillis() + 1000;

  private static final int ROLL_CALLS = 8;
  private static final Duration ROLL_CALL = Duration.ofSeconds(10);

  private final Scenario scenario;
  private final Consumer<String> progress;
  private final Clock clock = Clock.systemUTC();
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final Timeline timeline = new Timeline();
  private final FaultPlan plan;
  private final Journals journals;
  private final RedisServer redis;
  private final AppendOnlyFile file;
  private final RedisWatch watch;
  private final Fleet fleet;
  private final Injector injector;
  private final BrokerClient client;
  private final @Nullable PythonSession python;
  private final Totals totals;

  /**
   * Starts everything.
   *
   * @param progress takes a line for each step
   */
  Experiment(Scenario scenario, Consumer<String> progress) throws IOException {
    this.scenario = scenario;
    this.progress = progress;
    try {
      this.plan = new FaultPlan(scenario.seed(), scenario.meanPause());
      Path directory = Files.createTempDirectory("stalk-faults-");
      started.push(() -> delete(directory));
      this.journals = new Journals(Files.createDirectory(directory.resolve("journals")));
      Path kept =
          scenario.directory() == null
              ? Files.createDirectory(directory.resolve("redis"))
              : scenario.directory();
      this.redis = started(redis(kept));
      this.file = new AppendOnlyFile(redis, kept);
      this.watch =
          started(new RedisWatch(redis, Inventory.lists(scenario.queues()), timeline, clock));
      @Nullable PythonEnvironment environment =
          scenario.python() == 0 ? null : PythonEnvironment.celery(progress);
      Path sources = sources(directory);
      this.python = environment == null ? null : started(producer(environment, sources));
      this.fleet = started(fleet(environment, sources));
      this.injector = started(new Injector(redis, fleet, timeline, clock));
      this.client = started(BrokerClient.connect(JavaWorkerMain.broker(redis.url())));
      this.totals =
          new Totals(scenario, version(redis), environment == null ? "" : environment.version());
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T started(T part) {
    started.push(part);
    return part;
  }

  /** Its file is rewritten between the rounds, so that a round's part of it stays whole. */
  private RedisServer redis(Path kept) {
    RedisServer.Builder builder =
        RedisServer.builder()
            .argument("appendonly", "yes")
            .argument("appendfsync", "always")
            .argument("auto-aof-rewrite-percentage", "0")
            .directory(kept);
    if (scenario.redis() != null) {
      builder.binary(scenario.redis());
    }
    return builder.start();
  }

  private static String version(RedisServer redis) {
    return String.valueOf(redis.command("INFO", "server"))
        .lines()
        .filter(line -> line.startsWith("redis_version:"))
        .map(line -> line.substring("redis_version:".length()))
        .findFirst()
        .orElse("unknown");
  }

  private static Path sources(Path directory) throws IOException {
    try (InputStream file = Experiment.class.getResourceAsStream("fault_tasks.py")) {
      if (file == null) {
        throw new IllegalStateException("fault_tasks.py is missing beside this class");
      }
      Files.copy(file, directory.resolve("fault_tasks.py"));
      return directory;
    }
  }

  private Map<String, String> variables() {
    Map<String, String> variables = new HashMap<>();
    variables.put("REDIS_URL", redis.url());
    variables.put("FAULTS_VISIBILITY_TIMEOUT", Long.toString(Load.VISIBILITY_TIMEOUT.toSeconds()));
    variables.put("FAULTS_SOCKET_TIMEOUT", Long.toString(Load.SOCKET_TIMEOUT.toSeconds()));
    variables.put("FAULTS_JOURNALS", journals.directory().toString());
    variables.put("FAULTS_ACKS", scenario.acksLate() ? "late" : "early");
    return variables;
  }

  private PythonSession producer(PythonEnvironment environment, Path sources) {
    return PythonSession.builder(environment)
        .module("fault_tasks")
        .directory(sources)
        .environment(variables())
        .environment("FAULTS_PRODUCER", "1")
        .patience(Duration.ofMinutes(2))
        .start();
  }

  private Fleet fleet(@Nullable PythonEnvironment environment, Path sources) {
    List<WorkerSlot> slots = new ArrayList<>();
    if (scenario.java() > 0) {
      WorkerKind java =
          new JavaWorkers(
              redis.url(), journals.directory(), sources, scenario.queuesOf(WorkerKind.JAVA));
      for (int i = 1; i <= scenario.java(); i++) {
        slots.add(new WorkerSlot(WorkerKind.JAVA + "-" + i, java, timeline, clock));
      }
    }
    if (environment != null) {
      WorkerKind celery =
          new PythonWorkers(
              environment, sources, variables(), scenario.queuesOf(WorkerKind.PYTHON));
      for (int i = 1; i <= scenario.python(); i++) {
        slots.add(new WorkerSlot(WorkerKind.PYTHON + "-" + i, celery, timeline, clock));
      }
    }
    return new Fleet(slots);
  }

  // ---- rounds

  /**
   * Does all rounds, or as many as pass until one breaks a promise.
   *
   * @param afterRound given what it came to so far
   */
  Totals run(Consumer<Totals> afterRound) throws InterruptedException {
    long began = clock.millis();
    fleet.awaitReady();
    for (int round = 1; round <= scenario.rounds(); round++) {
      int faults =
          Math.min(scenario.perRound(), scenario.faults() - (round - 1) * scenario.perRound());
      Totals.Round result = round(round, faults);
      totals.add(result, injector, Duration.ofMillis(clock.millis() - began));
      progress.accept(line(round, result));
      afterRound.accept(totals);
      if (!result.violations().isEmpty() && !scenario.keepGoing()) {
        break;
      }
    }
    return totals;
  }

  private Totals.Round round(int number, int faults) throws InterruptedException {
    file.mark();
    Ledger ledger = new Ledger();
    String prefix = "r" + number + "-";
    Producers producers =
        new Producers(
            client,
            new Load(scenario.seed() + 2L * number, prefix + "j", scenario.queues()),
            python,
            new Load(scenario.seed() + 2L * number + 1, prefix + "p", scenario.queues()),
            ledger,
            watch::waiting,
            clock);
    try {
      for (int i = 0; i < faults; i++) {
        injector.inject(plan.next());
      }
      injector.heal();
    } finally {
      producers.stop();
    }
    fleet.awaitReady();
    long began = clock.millis();
    boolean drained = drain(scenario.isCeleryAlone() ? SETTLE_CELERY : SETTLE);
    Duration settled = Duration.ofMillis(clock.millis() - began);
    List<String> violations = new ArrayList<>();
    if (!drained && !scenario.isCeleryAlone()) {
      violations.add("the queues were not drained within " + SETTLE + ":\n" + remains());
    }
    List<String> deaf = rollCall(number, ledger);
    for (String worker : deaf) {
      if (worker.startsWith(WorkerKind.JAVA)) {
        violations.add(worker + " takes no tasks any more:\n" + tail(fleet.outputOf(worker)));
      }
      WorkerSlot slot = fleet.slotOf(worker);
      if (slot != null) {
        slot.kill();
      }
    }
    fleet.awaitReady();
    drained &= deaf.isEmpty();
    drained &= drain(SETTLE_CELERY);
    return close(ledger, faults, settled, deaf.size(), drained, violations);
  }

  private boolean drain(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!isDrained()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(LOOK);
    }
    if (!scenario.acksLate()) {
      awaitQuiet();
    }
    return true;
  }

  /** What is acknowledged early may still be run when Redis knows of it no more. */
  private void awaitQuiet() throws InterruptedException {
    long before = -1;
    for (long now = journals.size(); now != before; now = journals.size()) {
      before = now;
      Thread.sleep(QUIET);
    }
  }

  private boolean isDrained() {
    try {
      return Inventory.isDrained(redis, scenario.queues());
    } catch (PeerUnavailableException e) {
      return false; // slow to answer
    }
  }

  private String remains() {
    StringBuilder text = new StringBuilder();
    for (String list : Inventory.lists(scenario.queues())) {
      text.append("  ").append(list).append(": ").append(redis.command("LLEN", list)).append('\n');
    }
    text.append("  unacked: ").append(redis.command("HKEYS", "unacked")).append('\n');
    text.append("  index: ")
        .append(redis.command("ZRANGE", "unacked_index", "0", "-1", "WITHSCORES"));
    return text.append("\n  time: ").append(redis.command("TIME")).toString();
  }

  /**
   * Sends easy tasks until every worker has run one: who does not is deaf.
   *
   * @return the workers that have run none
   */
  private List<String> rollCall(int round, Ledger ledger) throws InterruptedException {
    Set<String> missing = new HashSet<>(fleet.instances());
    long since = clock.millis();
    for (int call = 0; call < ROLL_CALLS && !missing.isEmpty(); call++) {
      List<Load.Job> jobs = new ArrayList<>();
      for (String queue : scenario.queues()) {
        for (int i = 0; i < 6 * (scenario.java() + scenario.python()); i++) {
          String id = "r" + round + "-call" + call + "-" + queue + i;
          jobs.add(new Load.Job(id, queue, 50, Duration.ZERO, 0));
        }
      }
      long from = clock.millis();
      var unused = client.sendAll(jobs.stream().map(Producers::signature).toList());
      Span when = new Span(from, clock.millis());
      jobs.forEach(
          job -> ledger.enter(new Ledger.Entry(job, WorkerKind.JAVA, when, Ledger.Fate.SENT)));
      boolean drained = drain(ROLL_CALL);
      for (List<Execution> runs : journals.executions().values()) {
        runs.stream()
            .filter(run -> run.began() >= since)
            .forEach(run -> missing.remove(run.worker()));
      }
      if (!drained && call > 1) {
        break; // more calls would only make the queue longer
      }
    }
    missing.retainAll(fleet.instances());
    return List.copyOf(missing);
  }

  private Totals.Round close(
      Ledger ledger,
      int faults,
      Duration settled,
      int deaf,
      boolean drained,
      List<String> violations) {
    journals.standstills(timeline);
    Map<String, List<Execution>> executions = journals.executions();
    Books books =
        Books.balance(
            ledger, executions, Inventory.read(redis, scenario.queues()), timeline, file::traces);
    int exits = 0;
    int failedStarts = 0;
    for (WorkerSlot slot : fleet.slots()) {
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
                        "  " + run.worker() + " printed:\n" + tail(fleet.outputOf(run.worker()))));
          }
        });
    return outputs;
  }

  private static String tail(List<String> lines) {
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
  }

  /** The next round starts with clean pages. */
  private void forget() {
    journals.clear(fleet.instances());
    timeline.clear();
    fleet.slots().forEach(WorkerSlot::forgetPast);
    Inventory.sweep(redis);
    for (String queue : scenario.queues()) {
      redis.command("DEL", queue + ".quarantine");
    }
    if (scenario.isCeleryAlone()) { // what was never drained is counted, and would be counted again
      redis.command("DEL", "unacked", "unacked_index");
      Inventory.lists(scenario.queues()).forEach(list -> redis.command("DEL", list));
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

  // ---- the end

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Override
  public void close() {
    while (!started.isEmpty()) {
      AutoCloseable part = started.pop();
      try {
        part.close();
      } catch (Exception e) {
        progress.accept("could not stop " + part + ": " + e);
      }
    }
  }
}
