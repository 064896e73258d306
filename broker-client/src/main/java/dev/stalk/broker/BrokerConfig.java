package dev.stalk.broker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.redis.RedisConfig;
import dev.stalk.broker.redis.RedisNaming;
import dev.stalk.broker.redis.RedisPlace;
import dev.stalk.broker.redis.RedisSentinel;
import dev.stalk.broker.redis.RedisTls;
import dev.stalk.broker.redis.RedisUrl;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything a client or worker needs to know about the broker. Immutable; an invalid one cannot be
 * made.
 *
 * @param url where the queues are, {@code redis://user:password@host:port/db}, or another form
 *     {@link RedisUrl} reads
 * @param resultsUrl where the results are; {@code url} by default
 * @param resultExpires how long results are kept, in whole seconds; zero keeps them for ever; a day
 *     by default (Celery's {@code result_expires})
 * @param defaultQueue the queue of a task sent without one; {@code celery} by default (Celery's
 *     {@code task_default_queue})
 * @param maxConnections the most shared connections in use at once, 1 to 10,000; 10 by default
 *     (Celery's {@code broker_pool_limit}). Each consumed queue, and the subscription, has one of
 *     its own beside them
 * @param connectTimeout the longest wait for a connection; 4 s by default (Celery's {@code
 *     broker_connection_timeout})
 * @param socketTimeout the longest wait for an answer; 5 s by default
 * @param visibilityTimeout kombu's transport option of that name, to be the same as that of the
 *     Python workers; an hour by default
 * @param lease for how long a message stays with a Java worker that gives no sign of life, one
 *     second to half the visibility timeout; a minute by default
 * @param maxDeliveries how often a message is delivered before it is quarantined instead, 0 to
 *     1,000; 0 means any number of times; 5 by default. A task that kills its worker costs that
 *     many workers at most
 * @param naming how keys are named; the same for all peers
 * @param tls how encrypted connections are made, where an address does not say it itself
 * @param sentinel what addresses of Sentinels need besides
 * @param publishRetry how often a send that failed is tried again before the caller is told; as
 *     Celery by default
 * @param content which content types bodies and results have, which are read, and how large they
 *     may be; JSON alone by default
 * @param routing how calls are sent that do not say it themselves; to the default queue by default
 * @param inheritParentPriority whether what a running task sends has the task's own priority where
 *     nothing else is said, and its callbacks and the next step of its chain always; false by
 *     default (Celery's {@code task_inherit_parent_priority})
 * @param events what is told of tasks that are sent, and how events travel; nothing by default
 */
public record BrokerConfig(
    String url,
    String resultsUrl,
    Duration resultExpires,
    String defaultQueue,
    int maxConnections,
    Duration connectTimeout,
    Duration socketTimeout,
    Duration visibilityTimeout,
    Duration lease,
    int maxDeliveries,
    RedisNaming naming,
    RedisTls tls,
    RedisSentinel sentinel,
    PublishRetryPolicy publishRetry,
    ContentConfig content,
    RoutingConfig routing,
    boolean inheritParentPriority,
    EventConfig events) {

  public static final String DEFAULT_URL = "redis://localhost:6379/0";
  public static final Duration DEFAULT_RESULT_EXPIRES = Duration.ofDays(1);
  public static final String DEFAULT_QUEUE = "celery";
  public static final int DEFAULT_MAX_CONNECTIONS = 10;
  public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(4);
  public static final Duration DEFAULT_SOCKET_TIMEOUT = Duration.ofSeconds(5);
  public static final Duration DEFAULT_VISIBILITY_TIMEOUT = Duration.ofHours(1);
  public static final Duration DEFAULT_LEASE = Duration.ofMinutes(1);
  public static final int DEFAULT_MAX_DELIVERIES = 5;

  private static final Duration MAX_TIMEOUT = Duration.ofDays(1);

  public BrokerConfig {
    RedisUrl.parse(Objects.requireNonNull(url, "url"));
    RedisUrl.parseResults(Objects.requireNonNull(resultsUrl, "resultsUrl"));
    Objects.requireNonNull(naming, "naming");
    Objects.requireNonNull(tls, "tls");
    Objects.requireNonNull(sentinel, "sentinel");
    Objects.requireNonNull(publishRetry, "publishRetry");
    check(
        !resultExpires.isNegative()
            && resultExpires.equals(resultExpires.truncatedTo(ChronoUnit.SECONDS)),
        "result-expires must be zero or whole seconds",
        resultExpires);
    check(
        !Objects.requireNonNull(defaultQueue, "defaultQueue").isBlank(),
        "the default queue needs a name",
        "");
    check(
        maxConnections >= 1 && maxConnections <= 10_000,
        "max-connections must be between 1 and 10000",
        maxConnections);
    checkTimeout("connect-timeout", connectTimeout);
    checkTimeout("socket-timeout", socketTimeout);
    check(
        visibilityTimeout.compareTo(Duration.ofSeconds(2)) >= 0,
        "visibility-timeout must be at least 2s",
        visibilityTimeout);
    check(
        lease.compareTo(Duration.ofSeconds(1)) >= 0
            && lease.compareTo(visibilityTimeout.dividedBy(2)) <= 0,
        "lease must be between 1s and half the visibility timeout, so that Python workers never"
            + " restore what a Java worker still renews",
        lease);
    check(
        maxDeliveries >= 0 && maxDeliveries <= 1000,
        "max-deliveries must be between 0 and 1000",
        maxDeliveries);
    Objects.requireNonNull(content, "content");
    Objects.requireNonNull(routing, "routing");
    Objects.requireNonNull(events, "events");
  }

  private static void checkTimeout(String name, Duration timeout) {
    check(
        timeout.compareTo(Duration.ofMillis(10)) >= 0 && timeout.compareTo(MAX_TIMEOUT) <= 0,
        name + " must be between 10ms and 1d",
        timeout);
  }

  /** Who names certificates wants encryption, and does not get it from every address. */
  private static void checkTlsIsUsed(RedisTls tls, RedisUrl broker, RedisUrl results) {
    boolean used =
        broker.tls() != null
            || results.tls() != null
            || broker.place() instanceof RedisPlace.Sentinels
            || results.place() instanceof RedisPlace.Sentinels;
    if (!used && !tls.equals(RedisTls.DEFAULT)) {
      throw new IllegalArgumentException(
          "there are settings of TLS, but no address is encrypted: write rediss:// for redis://");
    }
  }

  private static void check(boolean fine, String rule, Object found) {
    if (!fine) {
      throw new IllegalArgumentException(rule + ", not " + found);
    }
  }

  /** Starts from the defaults, with the broker at {@link #DEFAULT_URL}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from the defaults and what the environment says.
   *
   * <table>
   * <caption>Variables</caption>
   * <tr><th>name</th><th>meaning</th><th>default</th></tr>
   * <tr><td>REDIS_URL</td><td>address of broker and results</td><td>redis://localhost:6379/0</td></tr>
   * <tr><td>REDIS_MAX_CONNECTIONS</td><td>shared connections</td><td>10</td></tr>
   * <tr><td>REDIS_SOCKET_TIMEOUT</td><td>seconds to wait for an answer; may have a fraction</td><td>5</td></tr>
   * </table>
   *
   * @param environment usually {@code System.getenv()}
   * @throws IllegalArgumentException if a variable's value is wrong, naming the variable
   */
  public static Builder fromEnvironment(Map<String, String> environment) {
    Builder builder = new Builder();
    read(environment, "REDIS_URL", builder, builder::url);
    read(
        environment,
        "REDIS_MAX_CONNECTIONS",
        builder,
        value -> builder.maxConnections(Integer.parseInt(value)));
    read(
        environment,
        "REDIS_SOCKET_TIMEOUT",
        builder,
        value -> builder.socketTimeout(seconds(Double.parseDouble(value))));
    return builder;
  }

  private static void read(
      Map<String, String> environment, String variable, Builder builder, Consumer<String> setter) {
    String value = environment.get(variable);
    if (value == null || value.isBlank()) {
      return;
    }
    try {
      setter.accept(value.strip());
      builder.build();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(variable + " is not a number", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(variable + ": " + e.getMessage(), e);
    }
  }

  private static Duration seconds(double value) {
    return Duration.ofMillis(Math.round(value * 1000));
  }

  /** Starts from this configuration. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.url = url;
    builder.resultsUrl = resultsUrl.equals(url) ? null : resultsUrl;
    builder.resultExpires = resultExpires;
    builder.defaultQueue = defaultQueue;
    builder.maxConnections = maxConnections;
    builder.connectTimeout = connectTimeout;
    builder.socketTimeout = socketTimeout;
    builder.visibilityTimeout = visibilityTimeout;
    builder.lease = lease;
    builder.maxDeliveries = maxDeliveries;
    builder.naming = naming;
    builder.tls = tls;
    builder.sentinel = sentinel;
    builder.publishRetry = publishRetry;
    builder.content = content;
    builder.routing = routing;
    builder.inheritParentPriority = inheritParentPriority;
    builder.events = events;
    return builder;
  }

  /**
   * How keys are named, connections secured and sends made and retried, by the names these settings
   * have in a worker's YAML. For people to read: it shows no password, and nothing where nothing is
   * said.
   */
  public Map<String, Object> connectionSettings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("broker.global-keyprefix", naming.prefix());
    settings.put("broker.sep", naming.separator());
    settings.put("broker.priority-steps", naming.prioritySteps());
    settings.put(
        "broker.ssl-cert-reqs", shown(tls.certReqs(), "REQUIRED").toLowerCase(Locale.ROOT));
    settings.put("broker.ca-file", shown(tls.caFile(), ""));
    settings.put("broker.cert-file", shown(tls.certFile(), ""));
    settings.put("broker.key-file", shown(tls.keyFile(), ""));
    settings.put("broker.check-hostname", shown(tls.checkHostname(), "true"));
    settings.put("broker.master-name", shown(sentinel.masterName(), ""));
    settings.put("broker.sentinel-user", shown(sentinel.user(), ""));
    settings.put("broker.sentinel-password", sentinel.password() == null ? "" : "***");
    settings.put("broker.sentinel-tls", sentinel.tls());
    boolean forever = publishRetry.maxRetries() == PublishRetryPolicy.FOREVER;
    settings.put(
        "broker.publish-retry.max-retries", forever ? "forever" : publishRetry.maxRetries());
    settings.put("broker.publish-retry.interval-start", publishRetry.intervalStart());
    settings.put("broker.publish-retry.interval-step", publishRetry.intervalStep());
    settings.put("broker.publish-retry.interval-max", publishRetry.intervalMax());
    settings.put("broker.inherit-parent-priority", inheritParentPriority);
    settings.put("results.global-keyprefix", naming.resultPrefix());
    return settings;
  }

  private static String shown(@Nullable Object value, String otherwise) {
    return value == null ? otherwise : value.toString();
  }

  /**
   * The same for the Redis transport.
   *
   * @param clientName how connections name themselves in {@code CLIENT LIST}
   * @throws IllegalArgumentException if an address of Sentinels does not tell which master is
   *     meant, or there are settings of TLS and no address is encrypted
   */
  public RedisConfig toRedis(String clientName) {
    checkTlsIsUsed(tls, RedisUrl.parse(url), RedisUrl.parseResults(resultsUrl));
    return new RedisConfig(
        complete(RedisUrl.parse(url)),
        complete(RedisUrl.parseResults(resultsUrl)),
        resultExpires,
        maxConnections,
        connectTimeout,
        socketTimeout,
        visibilityTimeout,
        lease,
        naming,
        publishRetry,
        clientName,
        content);
  }

  private RedisUrl complete(RedisUrl address) {
    RedisUrl complete = address.with(tls, sentinel);
    if (complete.place() instanceof RedisPlace.Sentinels sentinels
        && sentinels.settings().masterName() == null) {
      throw new IllegalArgumentException(
          "an address of Sentinels needs the name of the master: set master-name, or write"
              + " sentinel://host:26379/0?master_name=mymaster");
    }
    return complete;
  }

  /** Without user and password. */
  @Override
  public String toString() {
    return "BrokerConfig[url=%s, resultsUrl=%s, resultExpires=%s, defaultQueue=%s, maxConnections=%d, connectTimeout=%s, socketTimeout=%s, visibilityTimeout=%s, lease=%s, maxDeliveries=%d, naming=%s, tls=%s, sentinel=%s, publishRetry=%s, content=%s, routing=%s, inheritParentPriority=%s, events=%s]"
        .formatted(
            RedisUrl.parse(url),
            RedisUrl.parseResults(resultsUrl),
            resultExpires,
            defaultQueue,
            maxConnections,
            connectTimeout,
            socketTimeout,
            visibilityTimeout,
            lease,
            maxDeliveries,
            naming,
            tls,
            sentinel,
            publishRetry,
            content,
            routing,
            inheritParentPriority,
            events);
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private String url = DEFAULT_URL;
    private @Nullable String resultsUrl;
    private Duration resultExpires = DEFAULT_RESULT_EXPIRES;
    private String defaultQueue = DEFAULT_QUEUE;
    private int maxConnections = DEFAULT_MAX_CONNECTIONS;
    private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
    private Duration socketTimeout = DEFAULT_SOCKET_TIMEOUT;
    private Duration visibilityTimeout = DEFAULT_VISIBILITY_TIMEOUT;
    private Duration lease = DEFAULT_LEASE;
    private int maxDeliveries = DEFAULT_MAX_DELIVERIES;
    private RedisNaming naming = RedisNaming.DEFAULT;
    private RedisTls tls = RedisTls.DEFAULT;
    private RedisSentinel sentinel = RedisSentinel.NONE;
    private PublishRetryPolicy publishRetry = PublishRetryPolicy.DEFAULT;
    private ContentConfig content = ContentConfig.DEFAULT;
    private boolean inheritParentPriority;
    private RoutingConfig routing = RoutingConfig.DEFAULT;
    private EventConfig events = EventConfig.DEFAULT;

    private Builder() {}

    public Builder url(String value) {
      url = value;
      return this;
    }

    /** Null means the broker's address. */
    public Builder resultsUrl(@Nullable String value) {
      resultsUrl = value;
      return this;
    }

    public Builder resultExpires(Duration value) {
      resultExpires = value;
      return this;
    }

    public Builder defaultQueue(String value) {
      defaultQueue = value;
      return this;
    }

    public Builder maxConnections(int value) {
      maxConnections = value;
      return this;
    }

    public Builder connectTimeout(Duration value) {
      connectTimeout = value;
      return this;
    }

    public Builder socketTimeout(Duration value) {
      socketTimeout = value;
      return this;
    }

    public Builder visibilityTimeout(Duration value) {
      visibilityTimeout = value;
      return this;
    }

    public Builder lease(Duration value) {
      lease = value;
      return this;
    }

    public Builder maxDeliveries(int value) {
      maxDeliveries = value;
      return this;
    }

    public Builder content(ContentConfig value) {
      content = value;
      return this;
    }

    public Builder routing(RoutingConfig value) {
      routing = value;
      return this;
    }

    public Builder events(EventConfig value) {
      events = value;
      return this;
    }

    /**
     * Precedes every key and channel of the queues (kombu's transport option {@code
     * global_keyprefix}); empty by default.
     */
    public Builder globalKeyprefix(String value) {
      return named(value, naming.resultPrefix(), naming.separator(), naming.prioritySteps());
    }

    /**
     * Precedes every key and channel of the results ({@code global_keyprefix} of Celery's {@code
     * result_backend_transport_options}); empty by default. As Celery does, an underscore is added
     * unless it ends in one of {@code : _ - .} (celery {@code
     * backends/base.py:_add_global_keyprefix}).
     */
    public Builder resultsGlobalKeyprefix(String value) {
      String ended = value.isEmpty() || value.matches("(?s).*[:_.-]") ? value : value + "_";
      return named(naming.prefix(), ended, naming.separator(), naming.prioritySteps());
    }

    /** Stands between a queue's name and a priority step (kombu's {@code sep}). */
    public Builder sep(String value) {
      return named(naming.prefix(), naming.resultPrefix(), value, naming.prioritySteps());
    }

    /** The priority steps, ascending (kombu's {@code priority_steps}). */
    public Builder prioritySteps(List<Integer> value) {
      return named(naming.prefix(), naming.resultPrefix(), naming.separator(), value);
    }

    private Builder named(
        String prefix, String resultPrefix, String separator, List<Integer> steps) {
      return naming(
          new RedisNaming(
              prefix,
              resultPrefix,
              separator,
              steps,
              naming.fanoutPrefix(),
              naming.fanoutPatterns()));
    }

    /** All of how keys are named, in place of the four above. */
    public Builder naming(RedisNaming value) {
      naming = value;
      return this;
    }

    /** All of how encrypted connections are made, in place of the five below. */
    public Builder tls(RedisTls value) {
      tls = value;
      return this;
    }

    /**
     * {@code required}, {@code optional} or {@code none}, or Python's names of these.
     *
     * @throws IllegalArgumentException if it is another word
     */
    public Builder sslCertReqs(String value) {
      return tls(
          new RedisTls(
              RedisTls.CertReqs.of(value),
              tls.caFile(),
              tls.certFile(),
              tls.keyFile(),
              tls.checkHostname()));
    }

    /** A PEM file of the authorities that are trusted. */
    public Builder caFile(String value) {
      return tls(
          new RedisTls(tls.certReqs(), value, tls.certFile(), tls.keyFile(), tls.checkHostname()));
    }

    /** A PEM file of the client's certificate. */
    public Builder certFile(String value) {
      return tls(
          new RedisTls(tls.certReqs(), tls.caFile(), value, tls.keyFile(), tls.checkHostname()));
    }

    /**
     * A PEM file of the certificate's private key; to be called after {@link #certFile}.
     *
     * @throws IllegalArgumentException if there is no certificate yet
     */
    public Builder keyFile(String value) {
      return tls(
          new RedisTls(tls.certReqs(), tls.caFile(), tls.certFile(), value, tls.checkHostname()));
    }

    /** Whether the certificate must be for the host. */
    public Builder checkHostname(boolean value) {
      return tls(new RedisTls(tls.certReqs(), tls.caFile(), tls.certFile(), tls.keyFile(), value));
    }

    /** The master's name at the Sentinels. */
    public Builder masterName(String value) {
      return sentinel(
          new RedisSentinel(value, sentinel.user(), sentinel.password(), sentinel.tls()));
    }

    /** The user at the Sentinels. */
    public Builder sentinelUser(String value) {
      return sentinel(
          new RedisSentinel(sentinel.masterName(), value, sentinel.password(), sentinel.tls()));
    }

    /** The password at the Sentinels. */
    public Builder sentinelPassword(String value) {
      return sentinel(
          new RedisSentinel(sentinel.masterName(), sentinel.user(), value, sentinel.tls()));
    }

    /** Whether the Sentinels are reached by TLS. */
    public Builder sentinelTls(boolean value) {
      return sentinel(
          new RedisSentinel(sentinel.masterName(), sentinel.user(), sentinel.password(), value));
    }

    /** All of what addresses of Sentinels need, in place of the four above. */
    public Builder sentinel(RedisSentinel value) {
      sentinel = value;
      return this;
    }

    public Builder inheritParentPriority(boolean value) {
      inheritParentPriority = value;
      return this;
    }

    public Builder publishRetry(PublishRetryPolicy value) {
      publishRetry = value;
      return this;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a value breaks its rule, saying which
     */
    public BrokerConfig build() {
      return new BrokerConfig(
          url,
          resultsUrl == null ? url : resultsUrl,
          resultExpires,
          defaultQueue,
          maxConnections,
          connectTimeout,
          socketTimeout,
          visibilityTimeout,
          lease,
          maxDeliveries,
          naming,
          tls,
          sentinel,
          publishRetry,
          content,
          routing,
          inheritParentPriority,
          events);
    }
  }
}
