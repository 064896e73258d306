package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerInterruptedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.util.function.Function;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Connections for short calls, at most {@code max-connections} of them. A caller waits up to the
 * socket timeout for a free one. A connection that failed is thrown away with all that are idle, as
 * they will have failed with it. Thread-safe.
 */
final class RedisPool implements AutoCloseable {
  private final RedisUrl url;
  private final GenericObjectPool<RedisConnection> connections;
  private final RedisOutages.Part outage;

  /** A pool that tells nobody of outages. */
  RedisPool(RedisUrl url, RedisConfig config) {
    this(url, config, new RedisOutages(url.toString(), System::nanoTime));
  }

  RedisPool(RedisUrl url, RedisConfig config, RedisOutages outages) {
    this.url = url;
    this.outage = outages.occasional();
    GenericObjectPoolConfig<RedisConnection> limits = new GenericObjectPoolConfig<>();
    limits.setMaxTotal(config.maxConnections());
    limits.setMaxIdle(config.maxConnections());
    limits.setMaxWait(config.socketTimeout());
    limits.setJmxEnabled(false);
    limits.setTestOnBorrow(true);
    this.connections =
        new GenericObjectPool<>(
            new BasePooledObjectFactory<>() {
              @Override
              public RedisConnection create() {
                return RedisConnection.open(url, config, "pool");
              }

              @Override
              public PooledObject<RedisConnection> wrap(RedisConnection connection) {
                return new DefaultPooledObject<>(connection);
              }

              /** One that the server has cut meanwhile is replaced, and nobody notices. */
              @Override
              public boolean validateObject(PooledObject<RedisConnection> pooled) {
                return !pooled.getObject().wasCutWhileIdle();
              }

              @Override
              public void destroyObject(PooledObject<RedisConnection> pooled) {
                pooled.getObject().cut();
              }
            },
            limits);
  }

  /**
   * Runs one exchange on a connection.
   *
   * @throws dev.stalk.broker.transport.BrokerException if it fails; a broken connection is not used
   *     again
   */
  <T extends @Nullable Object> T with(Function<RedisConnection, T> call) {
    RedisConnection connection = null;
    long started = outage.start();
    try {
      connection = borrow();
      T answer = call.apply(connection);
      connections.returnObject(connection);
      outage.passed();
      return answer;
    } catch (RuntimeException e) {
      BrokerException error = RedisErrors.translate(e, url);
      if (connection != null) {
        discard(connection, error);
      }
      if (!RedisErrors.isPoolExhausted(e)) {
        outage.failed(error, started);
      }
      throw error;
    } catch (Error e) { // no memory, for example: what was asked may still be answered
      if (connection != null) {
        discard(connection, new BrokerUnavailableException("the call failed", e));
      }
      throw e;
    }
  }

  /**
   * Runs an exchange that may be repeated without harm: once more on a new connection if the first
   * one turns out to have died while it was idle.
   */
  <T extends @Nullable Object> T repeatable(Function<RedisConnection, T> call) {
    try {
      return with(call);
    } catch (BrokerUnavailableException e) {
      return with(call);
    }
  }

  private RedisConnection borrow() {
    try {
      return connections.borrowObject();
    } catch (InterruptedException e) {
      throw new BrokerInterruptedException(
          "interrupted while waiting for a connection to " + url, e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new JedisException("no free connection", e);
    }
  }

  /** A server that is not ready, a replica for example, may not be the one to use any more. */
  private void discard(RedisConnection connection, BrokerException error) {
    boolean broken = connection.isBroken() || error instanceof BrokerUnavailableException;
    try {
      connections.invalidateObject(connection);
    } catch (Exception e) {
      connection.cut();
    }
    if (broken) {
      connections.clear();
    }
  }

  @Override
  public void close() {
    connections.close();
  }
}
