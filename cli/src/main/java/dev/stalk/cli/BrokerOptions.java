package dev.stalk.cli;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisConfig;
import dev.stalk.broker.redis.RedisUrl;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the broker is: what the command line says, else the environment, else the defaults. */
final class BrokerOptions {

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = {
        "The broker, redis://user:password@host:port/db; else REDIS_URL of the environment,",
        "else the local one."
      })
  private @Nullable String url;

  @Option(
      names = "--results-url",
      paramLabel = "URL",
      description = "Where results are kept; else the broker.")
  private @Nullable String resultsUrl;

  /** Whether the command line names the broker. */
  boolean isGiven() {
    return url != null;
  }

  /**
   * The settings.
   *
   * @throws IllegalArgumentException naming the option or variable that is wrong
   */
  BrokerConfig config() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    if (url != null) {
      environment.remove("REDIS_URL");
    }
    return overlay(BrokerConfig.fromEnvironment(environment));
  }

  /** These settings, with what the command line says in place of theirs. */
  BrokerConfig overlay(BrokerConfig configured) {
    return isGiven() || resultsUrl != null ? overlay(configured.toBuilder()) : configured;
  }

  private BrokerConfig overlay(BrokerConfig.Builder builder) {
    if (url != null) {
      builder.url(checked("--url", url));
    }
    if (resultsUrl != null) {
      builder.resultsUrl(checked("--results-url", resultsUrl));
    }
    return builder.build();
  }

  private static String checked(String option, String url) {
    try {
      if (option.equals("--results-url")) {
        RedisUrl.parseResults(url);
      } else {
        RedisUrl.parse(url);
      }
      return url;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
    }
  }

  /** The same settings for what speaks to Redis itself. */
  static RedisConfig redis(BrokerConfig config) {
    return config.toRedis("stalk-cli");
  }
}
