package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Tries out everything Stalk needs of its servers, and says what to do about what it does not find.
 * It writes one key that expires, and leaves nothing behind. Used by one thread.
 */
public final class RedisSelfTest {

  /** How a check ended. */
  public enum Status {
    OK,
    /** Stalk works, but something can be lost or slow. */
    WARNING,
    /** Stalk does not work as it is. */
    FAILED,
    /** It could not be looked at. */
    SKIPPED
  }

  /**
   * One thing that was looked at.
   *
   * @param name what
   * @param status how it is
   * @param detail what was seen, in one line
   * @param remedy what to do about it; empty if nothing
   * @param unusable why the server could not be used at all, so that what follows is skipped; null
   *     if it could
   */
  public record Check(
      String name,
      Status status,
      String detail,
      String remedy,
      @Nullable BrokerException unusable) {

    public Check {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(status, "status");
      Objects.requireNonNull(detail, "detail");
      Objects.requireNonNull(remedy, "remedy");
    }
  }

  private final RedisConfig config;
  private final Consumer<Check> progress;
  private final List<Check> checks = new ArrayList<>();

  private RedisSelfTest(RedisConfig config, Consumer<Check> progress) {
    this.config = config;
    this.progress = progress;
  }

  /**
   * Looks at the broker, and at the place of the results if it is another.
   *
   * @param config how to reach both
   * @param progress told of each check as soon as it has ended
   * @return all checks, in that order
   */
  public static List<Check> run(RedisConfig config, Consumer<Check> progress) {
    RedisSelfTest test = new RedisSelfTest(config, progress);
    test.broker();
    if (!config.results().equals(config.broker())) {
      test.results();
    }
    return List.copyOf(test.checks);
  }

  private void broker() {
    try (RedisProbe probe = new RedisProbe(config.broker(), config)) {
      Group group = new Group("", probe);
      group.check("ping", probe::ping);
      group.checkServer();
      group.check("write and read", probe::key);
      group.check("connections", probe::connections);
      group.check("scripts", probe::script);
      group.check("publish and subscribe", probe::publishSubscribe);
      group.check("wake-ups", probe::wakeUps);
      group.check("clock", probe::clock);
      group.check("socket timeout", probe::socketTimeout);
      group.check("idle timeout", probe::idleTimeout);
    }
  }

  private void results() {
    try (RedisProbe probe = new RedisProbe(config.results(), config)) {
      Group group = new Group("results: ", probe);
      group.check("ping", probe::ping);
      if (!config.results().sameServer(config.broker())) {
        group.checkServer();
      }
      group.check("write and read", probe::key);
      group.check("publish and subscribe", probe::publishSubscribe);
    }
  }

  /** The checks of one server, of which those after a fatal one are skipped. */
  private final class Group {
    private final String prefix;
    private final RedisProbe probe;
    private @Nullable RedisProbeInfo info;
    private boolean usable = true;

    Group(String prefix, RedisProbe probe) {
      this.prefix = prefix;
      this.probe = probe;
    }

    void checkServer() {
      check("server", this::server);
      judge("version", RedisProbeRules::version);
      judge("role", RedisProbeRules::role);
      judge("loading", RedisProbeRules::loading);
      judge("append-only file", RedisProbeRules::appendOnlyFile);
      judge("snapshots", RedisProbeRules::snapshots);
      judge("memory", RedisProbeRules::memory);
      judge("clients", told -> RedisProbeRules.clients(told, config.maxConnections()));
    }

    private RedisProbeVerdict server() {
      try {
        RedisProbeInfo told = probe.info();
        info = told;
        return RedisProbeRules.server(told);
      } catch (BrokerRefusedException e) {
        return RedisProbeVerdict.warning(
            "INFO is not allowed (%s)".formatted(reason(e)),
            "allow the user INFO, or ask the operator about version, role, persistence and memory");
      }
    }

    private void judge(String name, Function<RedisProbeInfo, RedisProbeVerdict> rule) {
      RedisProbeInfo told = info;
      check(name, () -> told == null ? RedisProbeVerdict.skipped("needs INFO") : rule.apply(told));
    }

    void check(String name, Supplier<RedisProbeVerdict> look) {
      if (!usable) {
        report(name, RedisProbeVerdict.skipped("not reached"), null);
        return;
      }
      try {
        report(name, look.get(), null);
      } catch (BrokerException e) {
        boolean first = name.equals("ping");
        usable = !first && isReply(e);
        report(name, RedisProbeVerdict.failed(failure(e), remedy(e)), usable ? null : e);
      }
    }

    private void report(
        String name, RedisProbeVerdict verdict, @Nullable BrokerException unusable) {
      Check check =
          new Check(prefix + name, verdict.status(), verdict.detail(), verdict.remedy(), unusable);
      checks.add(check);
      progress.accept(check);
    }

    private String failure(BrokerException e) {
      String message = String.valueOf(e.getMessage());
      return reason(e).startsWith("LOADING")
          ? "%s (%s)".formatted(message, probe.loadingProgress())
          : message;
    }

    private String remedy(BrokerException e) {
      if (reason(e).startsWith("LOADING")) {
        return "wait until it has loaded its data";
      }
      if (reason(e).startsWith("NOPERM")) {
        return "give the user this right";
      }
      return e instanceof BrokerUnavailableException && !isReply(e)
          ? "start the server, or correct the address"
          : "";
    }

    /** Whether the server answered, though with an error. */
    private boolean isReply(BrokerException e) {
      return e.getCause() instanceof JedisDataException;
    }

    private String reason(BrokerException e) {
      Throwable cause = e.getCause();
      return cause == null ? "" : String.valueOf(cause.getMessage());
    }
  }
}
