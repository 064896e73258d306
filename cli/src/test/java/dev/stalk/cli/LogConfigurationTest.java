package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogConfigurationTest {
  private final LoggerContext context = new LoggerContext();
  private final PrintStream standardError = System.err;
  private final ByteArrayOutputStream logged = new ByteArrayOutputStream();

  @BeforeEach
  void configure() {
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    context.setMDCAdapter(new LogbackMDCAdapter());
    new LogConfiguration().configure(context);
  }

  @AfterEach
  void restore() {
    System.setErr(standardError);
    context.stop();
  }

  @Test
  void stalkLogsAtInfoAndTheRestAtWarn() {
    assertThat(context.getLogger("dev.stalk.worker").getEffectiveLevel()).isEqualTo(Level.INFO);
    assertThat(context.getLogger("io.netty").getEffectiveLevel()).isEqualTo(Level.WARN);
  }

  @Test
  void aLineHasTimeLevelThreadAndLogger() {
    context.getLogger("dev.stalk.worker.Worker").info("größer than {}", 1);

    assertThat(logged.toString(StandardCharsets.UTF_8))
        .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} INFO  \\S+ Worker - größer than 1\\R");
  }

  @Test
  void tracesAreShownButThoseOfTheRedisLibraryAreNot() {
    Logger redis = context.getLogger("redis.clients.jedis.Connection");
    redis.warn("cut off", new IllegalStateException("hidden"));
    context.getLogger("dev.stalk.Task").warn("raised", new IllegalStateException("shown"));

    assertThat(logged.toString(StandardCharsets.UTF_8))
        .containsOnlyOnce("cut off")
        .doesNotContain("hidden")
        .contains("IllegalStateException: shown", "\tat ");
  }
}
