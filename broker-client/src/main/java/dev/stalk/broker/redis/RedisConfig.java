package dev.stalk.broker.redis;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.time.Duration;
import java.util.Objects;

/**
 * How to reach Redis and how to share it with kombu.
 *
 * @param broker where the queues are
 * @param results where the results are; often another database of the same server
 * @param resultExpires how long a result is kept; zero keeps it for ever (Celery's {@code
 *     result_expires})
 * @param maxConnections the most connections taken from the shared pool at once; each queue that is
 *     consumed, and each subscription, has one more of its own
 * @param connectTimeout the longest wait for a connection
 * @param socketTimeout the longest wait for an answer
 * @param visibilityTimeout after how long Python workers restore a message nobody renews (kombu's
 *     transport option of that name); the same value as theirs
 * @param lease for how long a message stays with a Java worker that gives no sign of life
 * @param naming how keys are named
 * @param publishRetry how often a publish that failed is tried again
 * @param clientName how connections name themselves in {@code CLIENT LIST}
 * @param content which content types stored results may have
 */
public record RedisConfig(
    RedisUrl broker,
    RedisUrl results,
    Duration resultExpires,
    int maxConnections,
    Duration connectTimeout,
    Duration socketTimeout,
    Duration visibilityTimeout,
    Duration lease,
    RedisNaming naming,
    PublishRetryPolicy publishRetry,
    String clientName,
    ContentConfig content) {

  public RedisConfig {
    Objects.requireNonNull(broker, "broker");
    Objects.requireNonNull(results, "results");
    Objects.requireNonNull(resultExpires, "resultExpires");
    Objects.requireNonNull(connectTimeout, "connectTimeout");
    Objects.requireNonNull(socketTimeout, "socketTimeout");
    Objects.requireNonNull(visibilityTimeout, "visibilityTimeout");
    Objects.requireNonNull(lease, "lease");
    Objects.requireNonNull(naming, "naming");
    Objects.requireNonNull(publishRetry, "publishRetry");
    Objects.requireNonNull(clientName, "clientName");
    Objects.requireNonNull(content, "content");
  }
}
