package dev.stalk.faults;

import dev.stalk.peers.RedisServer;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What Redis itself has written down of a round: every change, in order. From it follows where a
 * message was last, and who took it from there. For one thread.
 *
 * <p>Kombu takes messages with BRPOP, which is written as RPOP, and records them in {@code unacked}
 * in a second step; Stalk's script records first and removes with LTRIM. So a message whose last
 * trace is an RPOP was in the hands of a Celery worker, and nowhere else.
 */
final class AppendOnlyFile {
  private static final long LARGE = 8_000_000;
  private static final long LOOK = 20;

  private final RedisServer redis;
  private final Path directory;
  private Map<Path, Long> marks = new HashMap<>();

  /**
   * @param directory where the server keeps its files
   */
  AppendOnlyFile(RedisServer redis, Path directory) {
    this.redis = redis;
    this.directory = directory;
  }

  /**
   * Begins a round; Redis must hold no messages. Has the file rewritten if it has grown large, so
   * that Redis restarts quickly.
   */
  void mark() throws InterruptedException {
    if (sizes().values().stream().mapToLong(Long::longValue).sum() > LARGE) {
      redis.command("BGREWRITEAOF");
      while (isRewriting()) {
        Thread.sleep(LOOK);
      }
    }
    marks = sizes();
  }

  private boolean isRewriting() {
    String state = String.valueOf(redis.command("INFO", "persistence"));
    return state.contains("aof_rewrite_in_progress:1") || state.contains("aof_rewrite_scheduled:1");
  }

  private Map<Path, Long> sizes() {
    Map<Path, Long> sizes = new HashMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".aof")).toList()) {
        sizes.put(file, Files.size(file));
      }
      return sizes;
    } catch (IOException e) {
      throw new UncheckedIOException("the append-only file cannot be found", e);
    }
  }

  /** What happened to every message since the mark, by the task's id. */
  Map<String, List<Step>> traces() {
    Replay replay = new Replay();
    sizes().keySet().stream().sorted().forEach(file -> replay(file, replay));
    return replay.traces;
  }

  private void replay(Path file, Replay replay) {
    try (InputStream input = new BufferedInputStream(Files.newInputStream(file))) {
      input.skipNBytes(marks.getOrDefault(file, 0L));
      for (List<String> command = read(input); !command.isEmpty(); command = read(input)) {
        replay.take(command);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the append-only file cannot be read: " + file, e);
    }
  }

  /** One command; none at the end, or where the last one is not whole. */
  private static List<String> read(InputStream input) throws IOException {
    String head = line(input);
    if (head.isEmpty()) {
      return List.of();
    }
    List<String> words = new ArrayList<>();
    for (int left = Integer.parseInt(head.substring(1)); left > 0; left--) {
      int length = Integer.parseInt(line(input).substring(1));
      byte[] word = input.readNBytes(length);
      if (word.length < length || input.readNBytes(2).length < 2) {
        return List.of();
      }
      words.add(new String(word, StandardCharsets.UTF_8));
    }
    return words;
  }

  private static String line(InputStream input) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int octet = input.read(); octet != '\n'; octet = input.read()) {
      if (octet < 0) {
        if (line.isEmpty()) {
          return "";
        }
        throw new EOFException("the append-only file ends within a line");
      }
      line.append((char) octet);
    }
    return line.toString().stripTrailing();
  }

  /**
   * One thing that happened to a message.
   *
   * @param command what Redis did
   * @param where the key, or the tag in {@code unacked}
   */
  record Step(String command, String where) {
    @Override
    public String toString() {
      return command + " " + where;
    }
  }

  /** Does to lists of ids what Redis did to lists of messages. */
  private static final class Replay {
    private static final Pattern ID = Pattern.compile("\"id\": ?\"([^\"]+)\"");

    private final Map<String, Deque<String>> lists = new HashMap<>();
    private final Map<String, String> held = new HashMap<>();
    private final Map<String, List<Step>> traces = new HashMap<>();

    void take(List<String> words) {
      String command = words.get(0).toUpperCase(Locale.ROOT);
      switch (command) {
        case "LPUSH", "RPUSH" ->
            words.subList(2, words.size()).forEach(m -> push(command, words.get(1), m));
        case "LPOP", "RPOP" ->
            pop(command, words.get(1), words.size() > 2 ? Integer.parseInt(words.get(2)) : 1);
        case "LTRIM" -> trim(words.get(1), Integer.parseInt(words.get(3)));
        case "HSET" -> hold(words);
        case "HDEL" -> words.subList(2, words.size()).forEach(this::release);
        case "DEL", "UNLINK" -> words.subList(1, words.size()).forEach(lists::remove);
        default -> {} // nothing else moves messages
      }
    }

    private Deque<String> list(String key) {
      return lists.computeIfAbsent(key, name -> new ArrayDeque<>());
    }

    private void push(String command, String key, String message) {
      String id = idIn(message);
      if (command.equals("LPUSH")) {
        list(key).addFirst(id);
      } else {
        list(key).addLast(id);
      }
      note(id, command, key);
    }

    private void pop(String command, String key, int count) {
      for (int left = count; left > 0; left--) {
        String id = command.equals("LPOP") ? list(key).pollFirst() : list(key).pollLast();
        if (id != null) {
          note(id, command, key);
        }
      }
    }

    /** Stalk trims the tail only: {@code LTRIM list 0 -n-1}. */
    private void trim(String key, int last) {
      for (int left = -last - 1; left > 0; left--) {
        String id = list(key).pollLast();
        if (id != null) {
          note(id, "LTRIM", key);
        }
      }
    }

    private void hold(List<String> words) {
      if (words.get(1).equals("unacked")) {
        for (int i = 2; i + 1 < words.size(); i += 2) {
          String id = idIn(words.get(i + 1));
          held.put(words.get(i), id);
          note(id, "HSET", words.get(i));
        }
      }
    }

    private void release(String tag) {
      String id = held.remove(tag);
      if (id != null) {
        note(id, "HDEL", tag);
      }
    }

    private void note(String id, String command, String where) {
      traces.computeIfAbsent(id, name -> new ArrayList<>()).add(new Step(command, where));
    }

    private static String idIn(String message) {
      Matcher matcher = ID.matcher(message);
      return matcher.find() ? matcher.group(1) : "?";
    }
  }
}
