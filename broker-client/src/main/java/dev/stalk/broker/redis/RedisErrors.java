package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.net.SocketTimeoutException;
import java.util.NoSuchElementException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/** Turns what the Redis library throws into what callers can act on; the only place that does. */
final class RedisErrors {
  /** How Redis before 7 dresses an error that stopped a script; some codes come after a dash. */
  private static final Pattern IN_SCRIPT =
      Pattern.compile(
          "(?:ERR Error running script|@user_script).*?: -?([A-Z]+ .*)", Pattern.DOTALL);

  private RedisErrors() {}

  static BrokerException translate(RuntimeException error, RedisUrl url) {
    if (error instanceof BrokerException already) {
      return already;
    }
    String reply = reply(error);
    if (startsWithAny(reply, "NOPERM")) {
      return new BrokerRefusedException(
          url
              + " refuses this user: "
              + reply
              + ". Give the user this right; docs/security.md has the rules for a producer and for a"
              + " worker",
          error);
    }
    if (error instanceof JedisAccessControlException
        || startsWithAny(
            reply,
            "NOAUTH",
            "WRONGPASS",
            "ERR AUTH",
            "ERR invalid password",
            "ERR Client sent AUTH")) {
      return new BrokerRefusedException(
          url + " refuses this user: " + reply + ". Check user and password of the address", error);
    }
    if (startsWithAny(reply, "CROSSSLOT", "MOVED", "ASK ")) {
      return new BrokerException(
          url
              + " is part of a cluster: "
              + reply
              + ". Use database 0, and give broker and results one global-keyprefix with a hash tag,"
              + " such as {stalk}:, on the node that has its slot",
          error);
    }
    if (startsWithAny(reply, "OOM")) {
      return new BrokerFullException(url + " has no memory left: " + reply, error);
    }
    if (startsWithAny(
        reply,
        "LOADING",
        "READONLY",
        "MASTERDOWN",
        "CLUSTERDOWN",
        "TRYAGAIN",
        "BUSY",
        "NOREPLICAS",
        "UNBLOCKED",
        "ERR max number of clients",
        "MISCONF")) {
      return new BrokerUnavailableException(url + " is not ready: " + reply, error);
    }
    if (isPoolExhausted(error)) {
      return new BrokerUnavailableException(
          "no connection to %s was free in time; raise max-connections or share the client less"
              .formatted(url),
          error);
    }
    if (error instanceof JedisConnectionException && isTls(error)) {
      return new BrokerUnavailableException(
          "no TLS connection to %s: %s. Does it speak TLS there, and are ca-file, cert-file and the host name right?"
              .formatted(url, deepestReason(error)),
          error);
    }
    if (error instanceof JedisConnectionException) {
      return new BrokerUnavailableException(
          "cannot reach Redis at %s: %s. Is it running, and is this its address?"
              .formatted(url, deepestReason(error)),
          error);
    }
    if (error instanceof IllegalArgumentException) {
      return new BrokerException(reply, error); // a file of the settings that cannot be used
    }
    return new BrokerException(url + " answered: " + reply, error);
  }

  /** Whether an answer did not come in time: what was asked may still be carried out. */
  static boolean isTimeout(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof RedisConnection.NotConnectedException) {
        return false; // nothing had been asked yet
      }
      if (cause instanceof SocketTimeoutException timeout
          && String.valueOf(timeout.getMessage()).contains("Read timed out")) {
        return true;
      }
    }
    return false;
  }

  /** Whether a connection that had worked is gone; perhaps only this one. */
  static boolean isCut(Throwable error) {
    return error.getCause() instanceof JedisConnectionException connection
        && !(connection instanceof RedisConnection.NotConnectedException)
        && !isTimeout(connection);
  }

  /** Whether the server is reading its data. */
  static boolean isLoading(Throwable error) {
    return error.getCause() instanceof JedisException cause && reply(cause).startsWith("LOADING");
  }

  private static boolean isTls(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLException) {
        return true;
      }
    }
    return false;
  }

  private static String reply(RuntimeException error) {
    String message = String.valueOf(error.getMessage());
    Matcher inScript = IN_SCRIPT.matcher(message);
    return inScript.matches() ? inScript.group(1) : message;
  }

  static boolean isPoolExhausted(RuntimeException error) {
    return error instanceof NoSuchElementException
        || (error instanceof JedisException && error.getCause() instanceof NoSuchElementException);
  }

  private static boolean startsWithAny(String reply, String... prefixes) {
    for (String prefix : prefixes) {
      if (reply.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  static String deepestReason(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    @Nullable String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message.replaceFirst("\\.$", "");
  }
}
