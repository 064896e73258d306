package dev.stalk.faults;

import dev.stalk.faults.Inventory.Place;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a run came to, summed over its rounds. For one thread. */
final class Totals {
  private final Scenario scenario;
  private final String redis;
  private final String celery;

  private int rounds;
  private int faults;
  private Map<FaultKind, Integer> kinds = new EnumMap<>(FaultKind.class);
  private int javaKills;
  private long sent;
  private long unknown;
  private long executions;
  private long done;
  private long lost;
  private final Map<Place, Long> left = new EnumMap<>(Place.class);
  private final Map<Repeat, Long> repeats = new EnumMap<>(Repeat.class);
  private final Map<Loss, Long> losses = new EnumMap<>(Loss.class);
  private long counters;
  private int exits;
  private int failedStarts;
  private int stuck;
  private int stuckRounds;
  private Duration slowest = Duration.ZERO;
  private Duration duration = Duration.ZERO;
  private final List<String> violations = new ArrayList<>();

  /**
   * @param redis the server's version
   * @param celery Celery's, or empty
   */
  Totals(Scenario scenario, String redis, String celery) {
    this.scenario = scenario;
    this.redis = redis;
    this.celery = celery;
  }

  /**
   * One round.
   *
   * @param faults how many struck
   * @param books its balance
   * @param settled how long it took until nothing was waiting or held
   * @param stuck workers that took no task any more, though nothing kept them
   * @param drained whether the queues were empty without anybody having to be restarted
   * @param exits workers that ended by themselves
   * @param failedStarts workers that did not come up at the first attempt
   * @param violations the books', and those of how the workers behaved
   */
  record Round(
      int faults,
      Books books,
      Duration settled,
      int stuck,
      boolean drained,
      int exits,
      int failedStarts,
      List<String> violations) {}

  void add(Round round, Injector injector, Duration soFar) {
    rounds++;
    faults += round.faults();
    kinds = Map.copyOf(injector.counts());
    javaKills = injector.javaKills();
    Books books = round.books();
    sent += books.sent();
    unknown += books.unknown();
    executions += books.executions();
    done += books.done();
    lost += books.lost().size();
    books.left().forEach((place, count) -> left.merge(place, count, Long::sum));
    books.repeats().forEach((cause, count) -> repeats.merge(cause, count, Long::sum));
    books.losses().forEach((loss, count) -> losses.merge(loss, count, Long::sum));
    counters += books.counters();
    exits += round.exits();
    failedStarts += round.failedStarts();
    stuck += round.stuck();
    stuckRounds += round.drained() ? 0 : 1;
    slowest = slowest.compareTo(round.settled()) < 0 ? round.settled() : slowest;
    duration = soFar;
    violations.addAll(round.violations());
  }

  Scenario scenario() {
    return scenario;
  }

  String redis() {
    return redis;
  }

  String celery() {
    return celery;
  }

  int rounds() {
    return rounds;
  }

  int faults() {
    return faults;
  }

  Map<FaultKind, Integer> kinds() {
    return kinds;
  }

  int javaKills() {
    return javaKills;
  }

  long sent() {
    return sent;
  }

  long unknown() {
    return unknown;
  }

  long executions() {
    return executions;
  }

  long done() {
    return done;
  }

  long lost() {
    return lost;
  }

  Map<Loss, Long> losses() {
    return losses;
  }

  long left(Place place) {
    return left.getOrDefault(place, 0L);
  }

  Map<Repeat, Long> repeats() {
    return repeats;
  }

  long repeated() {
    return repeats.values().stream().mapToLong(Long::longValue).sum();
  }

  long counters() {
    return counters;
  }

  int exits() {
    return exits;
  }

  int failedStarts() {
    return failedStarts;
  }

  int stuck() {
    return stuck;
  }

  int stuckRounds() {
    return stuckRounds;
  }

  Duration slowest() {
    return slowest;
  }

  Duration duration() {
    return duration;
  }

  List<String> violations() {
    return violations;
  }
}
