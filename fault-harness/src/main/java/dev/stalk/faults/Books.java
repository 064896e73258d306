package dev.stalk.faults;

import dev.stalk.faults.Inventory.Place;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The balance of a round: sent = done at least once + queued + held + parked + quarantined.
 *
 * @param sent tasks whose sending was confirmed
 * @param unknown tasks whose sending failed, and which may be there or not
 * @param executions how often tasks were begun
 * @param done tasks whose work was done at least once
 * @param left tasks that were not done, by where they are
 * @param lost tasks that are confirmed, not done, and nowhere; their ids
 * @param losses the same by cause
 * @param repeats how often tasks were begun again, by cause
 * @param counters counts of deliveries that are left
 * @param violations what breaks a promise of Stalk, a paragraph each
 */
record Books(
    long sent,
    long unknown,
    long executions,
    long done,
    Map<Place, Long> left,
    List<String> lost,
    Map<Loss, Long> losses,
    Map<Repeat, Long> repeats,
    int counters,
    List<String> violations) {

  /**
   * Draws the balance.
   *
   * @param traces what Redis has written down about every task; asked only if something is wrong
   */
  static Books balance(
      Ledger ledger,
      Map<String, List<Execution>> executions,
      Inventory inventory,
      Timeline timeline,
      Supplier<Map<String, List<AppendOnlyFile.Step>>> traces) {
    return new Accountant(ledger, executions, inventory, timeline, traces).balance();
  }

  /** Whether nothing breaks a promise. */
  boolean isBalanced() {
    return violations.isEmpty();
  }

  /** Collects what the record holds. */
  private static final class Accountant {
    private final Ledger ledger;
    private final Map<String, List<Execution>> executions;
    private final Inventory inventory;
    private final Timeline timeline;
    private final Supplier<Map<String, List<AppendOnlyFile.Step>>> traces;
    private final Repeats repeats;

    private final Map<Place, Long> left = new EnumMap<>(Place.class);
    private final List<String> lost = new ArrayList<>();
    private final Map<Repeat, Long> causes = new EnumMap<>(Repeat.class);
    private final List<String> violations = new ArrayList<>();
    private final Map<Loss, Long> losses = new EnumMap<>(Loss.class);
    private @Nullable Map<String, List<AppendOnlyFile.Step>> traced;
    private long done;

    Accountant(
        Ledger ledger,
        Map<String, List<Execution>> executions,
        Inventory inventory,
        Timeline timeline,
        Supplier<Map<String, List<AppendOnlyFile.Step>>> traces) {
      this.ledger = ledger;
      this.executions = executions;
      this.inventory = inventory;
      this.timeline = timeline;
      this.traces = traces;
      this.repeats = new Repeats(timeline);
    }

    Books balance() {
      ledger.entries().values().forEach(this::account);
      executions.keySet().stream()
          .filter(id -> !ledger.entries().containsKey(id))
          .forEach(id -> violation("was run, but not sent in this round", id));
      inventory.places().keySet().stream()
          .filter(id -> !ledger.entries().containsKey(id))
          .forEach(id -> violation("is in Redis, but was not sent in this round", id));
      inventory.strays().forEach(stray -> violations.add("left in Redis: " + stray));
      return new Books(
          ledger.count(Ledger.Fate.SENT),
          ledger.count(Ledger.Fate.UNKNOWN),
          executions.values().stream().mapToLong(List::size).sum(),
          done,
          left,
          lost,
          losses,
          causes,
          inventory.counters(),
          violations);
    }

    private void account(Ledger.Entry entry) {
      String id = entry.job().id();
      List<Execution> runs = executions.getOrDefault(id, List.of());
      List<Place> places = inventory.places().getOrDefault(id, List.of());
      boolean isDone = runs.stream().anyMatch(Execution::isDone);
      if (isDone) {
        done++;
      } else if (!places.isEmpty()) {
        left.merge(places.get(0), 1L, Long::sum);
      } else if (entry.fate() == Ledger.Fate.SENT || !runs.isEmpty()) {
        lost(entry);
      }
      if (isDone && places.isEmpty() && !inventory.succeeded().contains(id)) {
        resultless(id, runs);
      }
      for (int i = 2; i <= runs.size(); i++) {
        repeated(entry, runs.subList(0, i));
      }
    }

    /** What was in a Celery worker's hands, and nowhere else, was not Stalk's to lose. */
    private void lost(Ledger.Entry entry) {
      String id = entry.job().id();
      Loss loss = Loss.of(trace(id));
      lost.add(id);
      losses.merge(loss, 1L, Long::sum);
      if (!loss.isCelerys()) {
        violation("was lost", id);
      }
    }

    private List<AppendOnlyFile.Step> trace(String id) {
      if (traced == null) {
        traced = traces.get();
      }
      return traced.getOrDefault(id, List.of());
    }

    private void resultless(String id, List<Execution> runs) {
      if (runs.stream().allMatch(Execution::isJava)) {
        violation("was done and is gone, but its SUCCESS is not stored", id);
      }
    }

    private void repeated(Ledger.Entry entry, List<Execution> runs) {
      Repeat cause = repeats.cause(entry, runs);
      causes.merge(cause, 1L, Long::sum);
      if (!cause.isAllowed()) {
        violation("was begun again for no reason", entry.job().id());
      }
    }

    private void violation(String what, String id) {
      StringBuilder text = new StringBuilder("task " + id + " " + what);
      text.append("\n  entry: ").append(ledger.entries().get(id));
      for (Execution run : executions.getOrDefault(id, List.of())) {
        text.append("\n  ").append(run);
        text.append("\n    worker ").append(timeline.story(run.worker()));
      }
      text.append("\n  in Redis: ").append(inventory.places().getOrDefault(id, List.of()));
      text.append("\n  what Redis wrote down: ").append(trace(id));
      text.append("\n  Redis away: ").append(timeline.redisAway());
      violations.add(text.toString());
    }
  }
}
