package dev.stalk.it;

import dev.stalk.peers.RedisServer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many commands a Redis has carried out, those inside scripts included. */
final class Commands {
  private static final Pattern CALLS = Pattern.compile("cmdstat_([^:]+):calls=(\\d+)");

  private Commands() {}

  /** All but those a test counts with. */
  static long total(RedisServer redis) {
    return sum(redis, "(?!info$).*");
  }

  static long count(RedisServer redis, String command) {
    return sum(redis, Pattern.quote(command) + "(\\|.*)?");
  }

  /** What was called how often, for people. */
  static String table(RedisServer redis) {
    StringBuilder table = new StringBuilder();
    Matcher calls = CALLS.matcher(stats(redis));
    while (calls.find()) {
      table.append(calls.group(1)).append(' ').append(calls.group(2)).append(' ');
    }
    return table.toString();
  }

  private static long sum(RedisServer redis, String name) {
    long sum = 0;
    Matcher calls = CALLS.matcher(stats(redis));
    while (calls.find()) {
      if (calls.group(1).matches(name)) {
        sum += Long.parseLong(calls.group(2));
      }
    }
    return sum;
  }

  private static String stats(RedisServer redis) {
    return String.valueOf(redis.command("INFO", "commandstats"));
  }
}
