package dev.stalk.broker.redis;

import org.jspecify.annotations.Nullable;

/**
 * What a {@code sentinel://} address needs besides the Sentinels' hosts (kombu's transport options
 * {@code master_name} and {@code sentinel_kwargs}, {@code transport/redis.py:SentinelChannel}). The
 * address's own user and password are the master's, as in kombu.
 *
 * @param masterName the name of the group of servers to use; null if none is known yet
 * @param user the ACL user at the Sentinels, null for the default one
 * @param password the password at the Sentinels, null for none
 * @param tls whether the Sentinels themselves are reached by TLS, with the settings of the master's
 */
public record RedisSentinel(
    @Nullable String masterName, @Nullable String user, @Nullable String password, boolean tls) {

  /** No name, no login, no encryption. */
  public static final RedisSentinel NONE = new RedisSentinel(null, null, null, false);

  /** The same for another group of servers; for the same one if the name is null. */
  RedisSentinel withMasterName(@Nullable String name) {
    return name == null ? this : new RedisSentinel(name, user, password, tls);
  }

  /** Without user and password. */
  @Override
  public String toString() {
    return "RedisSentinel[masterName=%s, tls=%s]".formatted(masterName, tls);
  }
}
