package dev.stalk.worker.config;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What one section says of a circuit breaker, ready to be laid over another. */
final class BreakerYaml {
  private final List<Consumer<BreakerConfig.Builder>> settings = new ArrayList<>();
  private boolean enabled = true;

  private BreakerYaml() {}

  static BreakerYaml read(YamlSection section) {
    BreakerYaml breaker = new BreakerYaml();
    breaker.readAll(section);
    return breaker;
  }

  /** The breaker that comes of it; null where it is switched off. */
  @Nullable BreakerConfig over(@Nullable BreakerConfig before) {
    if (!enabled) {
      return null;
    }
    BreakerConfig.Builder builder = before == null ? BreakerConfig.builder() : before.toBuilder();
    settings.forEach(setting -> setting.accept(builder));
    return builder.build();
  }

  private void add(Consumer<BreakerConfig.Builder> setting) {
    BreakerConfig.Builder alone = BreakerConfig.builder();
    setting.accept(alone);
    var unused = alone.build();
    settings.add(setting);
  }

  private void readAll(YamlSection section) {
    section.bool("enabled", on -> enabled = on);
    section.percentage("failure-rate-threshold", rate -> add(b -> b.failureRateThreshold(rate)));
    section.percentage("slow-call-rate-threshold", rate -> add(b -> b.slowCallRateThreshold(rate)));
    section.duration(
        "slow-call-duration-threshold", time -> add(b -> b.slowCallDurationThreshold(time)));
    section.integer(
        "permitted-number-of-calls-in-half-open-state",
        count -> add(b -> b.permittedNumberOfCallsInHalfOpenState(count)));
    section.duration(
        "max-wait-duration-in-half-open-state",
        time -> add(b -> b.maxWaitDurationInHalfOpenState(time)));
    section.word(
        "sliding-window-type",
        SlidingWindowType.class,
        type -> add(b -> b.slidingWindowType(type)));
    section.integer("sliding-window-size", size -> add(b -> b.slidingWindowSize(size)));
    section.integer("minimum-number-of-calls", count -> add(b -> b.minimumNumberOfCalls(count)));
    section.duration(
        "wait-duration-in-open-state", time -> add(b -> b.waitDurationInOpenState(time)));
    section.textList(
        "record-exceptions",
        BreakerConfig::checkExceptionName,
        names -> settings.add(b -> b.recordExceptions(names)));
    section.textList(
        "ignore-exceptions",
        BreakerConfig::checkExceptionName,
        names -> settings.add(b -> b.ignoreExceptions(names)));
  }
}
