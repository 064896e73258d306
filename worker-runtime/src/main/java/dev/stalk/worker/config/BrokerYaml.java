package dev.stalk.worker.config;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the sections {@code broker}, {@code results} and {@code content}. What the file leaves open
 * comes from the environment, and then from the defaults. The rules are {@link BrokerConfig}'s own:
 * each value is tried on a valid configuration, so a refusal is that value's alone.
 */
final class BrokerYaml {
  private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);
  private static final Pattern QUOTED_PART =
      Pattern.compile("(the (?:scheme|port|path|option)) '.*'");
  private static final Pattern ISO_DURATION = Pattern.compile("PT[-0-9.HMS]+$");

  private final Reading reading;
  private final Map<String, String> environment;
  private BrokerConfig config = BrokerConfig.builder().build();

  BrokerYaml(Reading reading, Map<String, String> environment) {
    this.reading = reading;
    this.environment = environment;
  }

  BrokerConfig read(YamlSection root) {
    root.section("broker", this::readBroker);
    root.section("results", this::readResults);
    root.section("content", this::readContent);
    RoutingConfig routing = new RoutesYaml().read(root);
    set(to -> to.routing(routing));
    return config;
  }

  private void readContent(YamlSection content) {
    set(to -> to.content(new ContentYaml().read(content)));
    content.check("task-serializer", () -> WorkerConfig.checkContent(config.content()));
  }

  private void readBroker(YamlSection broker) {
    readEnvironment(broker);
    broker.text("url", url -> set(builder -> builder.url(url)));
    broker.duration("visibility-timeout", timeout -> setVisibilityTimeout(broker, timeout));
    broker.duration("lease", lease -> set(builder -> builder.lease(lease)));
    broker.integer("max-deliveries", count -> set(builder -> builder.maxDeliveries(count)));
    broker.integer("max-connections", count -> set(builder -> builder.maxConnections(count)));
    broker.duration("connect-timeout", timeout -> set(builder -> builder.connectTimeout(timeout)));
    broker.duration("socket-timeout", timeout -> set(builder -> builder.socketTimeout(timeout)));
    broker.text("global-keyprefix", prefix -> set(builder -> builder.globalKeyprefix(prefix)));
    broker.text("sep", separator -> set(builder -> builder.sep(separator)));
    broker.integers("priority-steps", steps -> set(builder -> builder.prioritySteps(steps)));
    broker.bool(
        "inherit-parent-priority",
        inherit -> set(builder -> builder.inheritParentPriority(inherit)));
    readTls(broker);
    readSentinel(broker);
    broker.section("publish-retry", this::readPublishRetry);
  }

  private void readTls(YamlSection broker) {
    broker.text("ssl-cert-reqs", word -> set(builder -> builder.sslCertReqs(word)));
    broker.text("ca-file", file -> set(builder -> builder.caFile(file)));
    broker.text("cert-file", file -> set(builder -> builder.certFile(file)));
    broker.text("key-file", file -> set(builder -> builder.keyFile(file)));
    broker.bool("check-hostname", check -> set(builder -> builder.checkHostname(check)));
  }

  private void readSentinel(YamlSection broker) {
    broker.text("master-name", name -> set(builder -> builder.masterName(name)));
    broker.text("sentinel-user", user -> set(builder -> builder.sentinelUser(user)));
    broker.text("sentinel-password", word -> set(builder -> builder.sentinelPassword(word)));
    broker.bool("sentinel-tls", tls -> set(builder -> builder.sentinelTls(tls)));
  }

  private void readPublishRetry(YamlSection retry) {
    retry.text(
        "max-retries",
        count ->
            setRetry(
                r ->
                    new PublishRetryPolicy(
                        maxRetries(count), r.intervalStart(), r.intervalStep(), r.intervalMax())));
    retry.duration(
        "interval-start",
        start ->
            setRetry(
                r ->
                    new PublishRetryPolicy(
                        r.maxRetries(), start, r.intervalStep(), r.intervalMax())));
    retry.duration(
        "interval-step",
        step ->
            setRetry(
                r ->
                    new PublishRetryPolicy(
                        r.maxRetries(), r.intervalStart(), step, r.intervalMax())));
    retry.duration(
        "interval-max",
        max ->
            setRetry(
                r ->
                    new PublishRetryPolicy(
                        r.maxRetries(), r.intervalStart(), r.intervalStep(), max)));
  }

  private static int maxRetries(String count) {
    if (count.equals("forever")) {
      return PublishRetryPolicy.FOREVER;
    }
    if (!count.matches("\\d{1,9}")) {
      throw new IllegalArgumentException("max-retries must be a whole number or forever");
    }
    return Integer.parseInt(count);
  }

  private void setRetry(UnaryOperator<PublishRetryPolicy> setting) {
    set(builder -> builder.publishRetry(setting.apply(config.publishRetry())));
  }

  private void readResults(YamlSection results) {
    results.text("url", url -> set(builder -> builder.resultsUrl(url)));
    results.duration("expires", this::setResultExpires);
    results.text(
        "global-keyprefix", prefix -> set(builder -> builder.resultsGlobalKeyprefix(prefix)));
  }

  private void readEnvironment(YamlSection broker) {
    readVariable(broker, "url", "REDIS_URL", (to, from) -> to.url(from.url()));
    readVariable(
        broker,
        "max-connections",
        "REDIS_MAX_CONNECTIONS",
        (to, from) -> to.maxConnections(from.maxConnections()));
    readVariable(
        broker,
        "socket-timeout",
        "REDIS_SOCKET_TIMEOUT",
        (to, from) -> to.socketTimeout(from.socketTimeout()));
  }

  private interface Copy {
    BrokerConfig.Builder copy(BrokerConfig.Builder to, BrokerConfig from);
  }

  /** A variable counts only where the file is silent, so only there can it be wrong. */
  private void readVariable(YamlSection broker, String key, String variable, Copy copy) {
    @Nullable String value = environment.get(variable);
    if (value == null || broker.has(key)) {
      return;
    }
    try {
      BrokerConfig given = BrokerConfig.fromEnvironment(Map.of(variable, value)).build();
      set(builder -> copy.copy(builder, given));
      reading.origins().addOfEnvironment("broker." + key, variable);
    } catch (IllegalArgumentException e) {
      reading
          .problems()
          .addOfEnvironment(variable, presentable(e).replaceFirst("^" + variable + ":? ", ""));
    }
  }

  /**
   * A visibility timeout shorter than two default leases is fine if the file has a shorter lease.
   */
  private void setVisibilityTimeout(YamlSection broker, Duration timeout) {
    Duration lease = broker.has("lease") ? SHORTEST_LEASE : config.lease();
    set(builder -> builder.lease(lease).visibilityTimeout(timeout));
  }

  private void setResultExpires(Duration expires) {
    if (expires.toMillisPart() != 0) {
      throw new IllegalArgumentException("expires must be whole seconds, as Redis counts them");
    }
    set(builder -> builder.resultExpires(expires));
  }

  private void set(UnaryOperator<BrokerConfig.Builder> setting) {
    try {
      config = setting.apply(config.toBuilder()).build();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(presentable(e), e);
    }
  }

  /** What is quoted of an address may be a part of a password that was not percent-encoded. */
  private static String presentable(IllegalArgumentException e) {
    String message = QUOTED_PART.matcher(String.valueOf(e.getMessage())).replaceAll("$1");
    return ISO_DURATION
        .matcher(message)
        .replaceFirst(iso -> Durations.format(Duration.parse(iso.group())));
  }
}
