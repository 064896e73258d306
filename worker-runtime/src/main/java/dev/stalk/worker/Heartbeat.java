package dev.stalk.worker;

import dev.stalk.broker.EventDispatcher;
import dev.stalk.broker.message.Event;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells monitors that a worker is online, lives, and goes offline (celery {@code
 * worker/heartbeat.py:Heart}). While the broker is away it is silent, so that no old signs of life
 * arrive later; when the broker is back it says that it is online. On a thread of its own, {@code
 * stalk-heartbeat}, from its start to its stop.
 */
final class Heartbeat {
  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);
  private static final Path LOAD_AVERAGE = Path.of("/proc/loadavg");

  private final EventDispatcher dispatcher;
  private final WorkerTime.Scheduler thread;
  private final Duration interval;
  private final IntSupplier active;
  private final LongSupplier processed;
  private boolean started; // guarded by this
  private boolean online; // guarded by this
  private boolean stopped; // guarded by this

  /**
   * @param time by which it beats
   * @param active how many tasks run
   * @param processed how many have begun so far
   */
  Heartbeat(
      EventDispatcher dispatcher,
      Duration interval,
      WorkerTime time,
      IntSupplier active,
      LongSupplier processed) {
    this.dispatcher = dispatcher;
    this.thread = time.scheduler("stalk-heartbeat");
    this.interval = interval;
    this.active = active;
    this.processed = processed;
  }

  /** Says that the worker is online, and from then on that it lives. */
  synchronized void start() {
    if (!stopped && !started) {
      started = true;
      thread.every(Duration.ZERO, interval, this::tryToBeat);
    }
  }

  /** A worker that lives must not be taken for dead because one beat failed. */
  private void tryToBeat() {
    try {
      beat();
    } catch (RuntimeException | Error e) {
      log.error("a heartbeat failed; the next will be tried", e);
    }
  }

  private synchronized void beat() {
    if (stopped) {
      return;
    }
    if (dispatcher.isAway()) {
      online = false;
    } else {
      dispatcher.send(event(online ? "worker-heartbeat" : "worker-online"));
      online = true;
    }
  }

  /** Says that the worker is offline, if it ever was online, and nothing more. */
  synchronized void stop() {
    if (stopped) {
      return;
    }
    stopped = true;
    thread.close();
    if (started) {
      dispatcher.send(event("worker-offline"));
    }
  }

  private Event event(String type) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("freq", interval.toNanos() / 1e9);
    fields.put("active", active.getAsInt());
    fields.put("processed", processed.getAsLong());
    fields.put("loadavg", loadAverage());
    fields.put("sw_ident", "stalk");
    fields.put("sw_ver", version());
    fields.put("sw_sys", system());
    return new Event(type, fields);
  }

  private static String version() {
    String version = Heartbeat.class.getPackage().getImplementationVersion();
    return version == null ? "0" : version;
  }

  /** As Python's {@code platform.system()} calls it. */
  private static String system() {
    String name = System.getProperty("os.name", "");
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.startsWith("windows")) {
      return "Windows";
    }
    return lower.startsWith("mac") ? "Darwin" : name;
  }

  /** Of one, five and fifteen minutes; where only the first is known, that three times. */
  private static List<Double> loadAverage() {
    if (Files.isReadable(LOAD_AVERAGE)) {
      try {
        return loadAverage(Files.readString(LOAD_AVERAGE));
      } catch (IOException | NumberFormatException e) {
        log.debug("{} cannot be read", LOAD_AVERAGE, e);
      }
    }
    double last = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    double known = last < 0 ? 0.0 : rounded(last);
    return List.of(known, known, known);
  }

  private static List<Double> loadAverage(String text) {
    List<Double> averages = new ArrayList<>();
    for (String part : text.split(" ", 4)) {
      if (averages.size() < 3) {
        averages.add(rounded(Double.parseDouble(part)));
      }
    }
    return averages;
  }

  /** Celery {@code utils/sysinfo.py:load_average}. */
  private static double rounded(double load) {
    return Math.ceil(load * 100) / 100;
  }
}
