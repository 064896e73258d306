package dev.stalk.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All workers' journals, see {@link Journal}. For one thread. */
final class Journals {
  private final Path directory;

  Journals(Path directory) {
    this.directory = directory;
  }

  /** Where the workers are to write them. */
  Path directory() {
    return directory;
  }

  /** Every execution noted so far, by task, the earliest first. */
  Map<String, List<Execution>> executions() {
    Map<String, List<Execution>> all = new TreeMap<>();
    for (Path file : files()) {
      for (Execution execution : executions(file)) {
        all.computeIfAbsent(execution.id(), id -> new ArrayList<>()).add(execution);
      }
    }
    all.values().forEach(list -> list.sort(Comparator.comparingLong(Execution::began)));
    return all;
  }

  /** A task may be at it twice in one process: then the ends go to the beginnings in order. */
  private static List<Execution> executions(Path file) {
    List<Execution> ended = new ArrayList<>();
    Map<String, Deque<Execution>> open = new HashMap<>();
    for (String[] words : lines(file)) {
      if (words[0].equals("B")) {
        open.computeIfAbsent(words[1], id -> new ArrayDeque<>())
            .add(new Execution(words[1], worker(file), Long.parseLong(words[2]), Execution.NEVER));
      } else if (words[0].equals("E")) {
        Deque<Execution> begun = open.getOrDefault(words[1], new ArrayDeque<>());
        Execution execution = begun.poll();
        if (execution == null) {
          throw new IllegalStateException(file + ": " + words[1] + " ended without a beginning");
        }
        ended.add(
            new Execution(
                words[1], execution.worker(), execution.began(), Long.parseLong(words[2])));
      }
    }
    open.values().forEach(ended::addAll);
    return ended;
  }

  /** How much has been noted in all, in bytes: where that does not change, nothing goes on. */
  long size() {
    return files().stream().mapToLong(file -> file.toFile().length()).sum();
  }

  /** Tells the timeline when each process was given no time. */
  void standstills(Timeline timeline) {
    for (Path file : files()) {
      for (String[] words : lines(file)) {
        if (words[0].equals("S")) {
          timeline.stood(
              worker(file), new Span(Long.parseLong(words[1]), Long.parseLong(words[2])));
        }
      }
    }
  }

  /** Forgets everything noted so far; workers that live go on writing to the same files. */
  void clear(Set<String> living) {
    for (Path file : files()) {
      try {
        if (living.contains(worker(file))) {
          FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)
              .close();
        } else {
          Files.delete(file);
        }
      } catch (IOException e) {
        throw new UncheckedIOException("a journal cannot be emptied: " + file, e);
      }
    }
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(Journal.SUFFIX)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the journals cannot be listed", e);
    }
  }

  /** The whole lines of a file: one that is being written right now is left for the next look. */
  private static List<String[]> lines(Path file) {
    try {
      String text = Files.readString(file);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      return whole.lines().map(line -> line.split(" ", -1)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException("a journal cannot be read: " + file, e);
    }
  }

  private static String worker(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(0, name.length() - Journal.SUFFIX.length());
  }
}
