package dev.stalk.testkit.junit;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.testkit.InMemoryBroker;
import dev.stalk.testkit.SettableClock;
import dev.stalk.testkit.StalkHarness;
import dev.stalk.testkit.TaskRecorder;
import dev.stalk.testkit.TestRedis;
import dev.stalk.worker.Task;
import dev.stalk.worker.Worker;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Starts and closes a {@link StalkHarness} around each test; see {@link StalkTest}. */
public final class StalkExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(StalkExtension.class);

  private static final Map<Class<?>, Function<StalkHarness, Object>> PARAMETERS =
      Map.of(
          StalkHarness.class, harness -> harness,
          BrokerClient.class, StalkHarness::client,
          Worker.class, StalkHarness::worker,
          TaskRecorder.class, StalkHarness::recorder,
          BrokerConfig.class, StalkHarness::config,
          SettableClock.class, StalkHarness::clock,
          InMemoryBroker.class, StalkHarness::memory,
          TestRedis.class, StalkHarness::redis);

  /** Made by JUnit. */
  public StalkExtension() {}

  @Override
  public void beforeEach(ExtensionContext context) {
    StalkTest settings = settings(context);
    StalkHarness.Builder builder = StalkHarness.builder().queues(settings.queues());
    Arrays.stream(settings.tasks()).forEach(type -> builder.worker(w -> w.tasks(type)));
    context.getRequiredTestInstances().getAllInstances().stream()
        .filter(StalkExtension::hasTasks)
        .forEach(builder::tasks);
    if (settings.broker() == StalkTest.Broker.REDIS) {
      builder.redis(TestRedis.shared());
    }
    context.getStore(NAMESPACE).put(StalkHarness.class, builder.start());
  }

  private static boolean hasTasks(Object instance) {
    for (@Nullable Class<?> type = instance.getClass(); type != null; type = type.getSuperclass()) {
      if (Arrays.stream(type.getDeclaredMethods())
          .anyMatch(method -> method.isAnnotationPresent(Task.class))) {
        return true;
      }
    }
    return false;
  }

  private static StalkTest settings(ExtensionContext context) {
    for (@Nullable Class<?> type = context.getRequiredTestClass();
        type != null;
        type = type.getEnclosingClass()) {
      StalkTest found = type.getAnnotation(StalkTest.class);
      if (found != null) {
        return found;
      }
    }
    throw new ExtensionConfigurationException(
        "annotate %s with @StalkTest, which brings this extension"
            .formatted(context.getRequiredTestClass().getName()));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    StalkHarness harness =
        context.getStore(NAMESPACE).remove(StalkHarness.class, StalkHarness.class);
    if (harness != null) {
      harness.close();
    }
  }

  private static Optional<StalkHarness> harness(ExtensionContext context) {
    return Optional.ofNullable(
        context.getStore(NAMESPACE).get(StalkHarness.class, StalkHarness.class));
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return PARAMETERS.containsKey(parameter.getParameter().getType())
        && harness(context).isPresent();
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Function<StalkHarness, Object> accessor = PARAMETERS.get(parameter.getParameter().getType());
    StalkHarness harness = harness(context).orElseThrow();
    return accessor == null ? harness : accessor.apply(harness);
  }
}
