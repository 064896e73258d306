package dev.stalk.faults;

import dev.stalk.faults.Inventory.Place;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What the runs came to, side by side: as Markdown and as JSON. */
final class Report {
  private static final JsonMapper json =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final List<Totals> runs;

  Report(List<Totals> runs) {
    this.runs = List.copyOf(runs);
  }

  /** Writes it as JSON where the file's name ends so, else as Markdown. */
  void write(Path file) {
    boolean asJson = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".json");
    try {
      Files.writeString(file, asJson ? json() + "\n" : markdown());
    } catch (IOException e) {
      throw new UncheckedIOException("the report cannot be written to " + file, e);
    }
  }

  // ---- Markdown

  String markdown() {
    StringWriter text = new StringWriter();
    table(text, List.of("the run", "value"), settings());
    text.append('\n');
    table(text, heads("the books"), books());
    text.append('\n');
    table(text, heads("begun again because"), repeats());
    text.append('\n');
    table(text, heads("faults"), faults());
    return text.toString();
  }

  private List<String> heads(String first) {
    List<String> heads = new ArrayList<>(List.of(first));
    runs.forEach(run -> heads.add(run.scenario().name()));
    return heads;
  }

  private List<List<String>> settings() {
    Totals any = runs.get(0);
    Scenario scenario = any.scenario();
    String celery =
        runs.stream().map(Totals::celery).filter(v -> !v.isEmpty()).findFirst().orElse("none");
    return List.of(
        List.of("seed", Long.toString(scenario.seed())),
        List.of("faults per round", Integer.toString(scenario.perRound())),
        List.of("Redis", any.redis() + ", `appendonly yes`, `appendfsync always`"),
        List.of("Celery", celery),
        List.of("Java", System.getProperty("java.version")),
        List.of("lease of Java workers", seconds(Load.LEASE)),
        List.of("visibility timeout", seconds(Load.VISIBILITY_TIMEOUT)));
  }

  private List<List<String>> books() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("workers", run -> workers(run.scenario())));
    rows.add(row("faults", Totals::faults));
    rows.add(row("rounds, each ending with a balance", Totals::rounds));
    rows.add(row("duration", run -> minutes(run.duration())));
    rows.add(row("tasks sent and confirmed", Totals::sent));
    rows.add(row("sends that failed: the task may be there or not", Totals::unknown));
    rows.add(row("tasks done at least once", Totals::done));
    rows.add(row("left queued", run -> run.left(Place.QUEUED)));
    rows.add(row("left held", run -> run.left(Place.HELD)));
    rows.add(row("left parked", run -> run.left(Place.PARKED)));
    rows.add(row("quarantined", run -> run.left(Place.QUARANTINED)));
    rows.add(row("**tasks lost**", run -> "**" + run.lost() + "**"));
    for (Loss loss : Loss.values()) {
      rows.add(row("lost: " + loss.description(), run -> run.losses().getOrDefault(loss, 0L)));
    }
    rows.add(row("times a task was begun", Totals::executions));
    rows.add(row("of these, begun again", Totals::repeated));
    rows.add(row("workers that ended by themselves", Totals::exits));
    rows.add(row("workers that did not come up at the first attempt", Totals::failedStarts));
    rows.add(row("workers that consumed no more until restarted", Totals::stuck));
    rows.add(row("rounds that did not settle by themselves", Totals::stuckRounds));
    rows.add(row("longest time to settle after the last fault", run -> seconds(run.slowest())));
    rows.add(row("delivery counts left to expire", Totals::counters));
    rows.add(row("promises of Stalk broken", this::broken));
    return rows;
  }

  private String broken(Totals run) {
    return run.scenario().isCeleryAlone() ? "–" : Integer.toString(run.violations().size());
  }

  private static String workers(Scenario scenario) {
    List<String> parts = new ArrayList<>();
    if (scenario.java() > 0) {
      parts.add(scenario.java() + " Java");
    }
    if (scenario.python() > 0) {
      parts.add(scenario.python() + " Celery, acks " + (scenario.acksLate() ? "late" : "early"));
    }
    return String.join(", ", parts);
  }

  private List<List<String>> repeats() {
    List<List<String>> rows = new ArrayList<>();
    for (Repeat cause : Repeat.values()) {
      rows.add(row(cause.description(), run -> run.repeats().getOrDefault(cause, 0L)));
    }
    return rows;
  }

  private List<List<String>> faults() {
    List<List<String>> rows = new ArrayList<>();
    for (FaultKind kind : FaultKind.values()) {
      rows.add(row(kind.description(), run -> run.kinds().getOrDefault(kind, 0)));
    }
    rows.add(row("workers killed that were Java", Totals::javaKills));
    return rows;
  }

  private List<String> row(String name, Function<Totals, Object> value) {
    List<String> row = new ArrayList<>(List.of(name));
    runs.forEach(run -> row.add(String.valueOf(value.apply(run))));
    return row;
  }

  private static void table(StringWriter text, List<String> heads, List<List<String>> rows) {
    line(text, heads);
    line(text, heads.stream().map(head -> "---").toList());
    rows.forEach(row -> line(text, row));
  }

  private static void line(StringWriter text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }

  private static String minutes(Duration duration) {
    return String.format(
        Locale.ROOT, "%d min %d s", duration.toMinutes(), duration.toSecondsPart());
  }

  // ---- JSON

  String json() {
    return json.writeValueAsString(runs.stream().map(Report::object).toList());
  }

  private static Map<String, Object> object(Totals run) {
    Map<String, Object> object = new LinkedHashMap<>();
    Scenario scenario = run.scenario();
    object.put("name", scenario.name());
    object.put("java", scenario.java());
    object.put("python", scenario.python());
    object.put("acks_late", scenario.acksLate());
    object.put("seed", scenario.seed());
    object.put("redis", run.redis());
    object.put("celery", run.celery());
    object.put("rounds", run.rounds());
    object.put("faults", run.faults());
    object.put("kinds", run.kinds());
    object.put("java_kills", run.javaKills());
    object.put("seconds", run.duration().toSeconds());
    object.put("sent", run.sent());
    object.put("unknown", run.unknown());
    object.put("done", run.done());
    object.put("lost", run.lost());
    object.put("losses", run.losses());
    for (Place place : Place.values()) {
      object.put(place.name().toLowerCase(Locale.ROOT), run.left(place));
    }
    object.put("executions", run.executions());
    object.put("begun_again", run.repeats());
    object.put("exits", run.exits());
    object.put("failed_starts", run.failedStarts());
    object.put("stuck_workers", run.stuck());
    object.put("unsettled_rounds", run.stuckRounds());
    object.put("violations", run.violations());
    return object;
  }
}
