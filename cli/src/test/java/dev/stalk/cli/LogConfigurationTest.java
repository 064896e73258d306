package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
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
  void aLineOfATaskNamesIt() {
    context.getMDCAdapter().put("task_name", "tasks.add");
    context.getMDCAdapter().put("task_id", "id-1");
    context.getLogger("dev.acme.Mail").warn("slow");
    context.getMDCAdapter().clear();

    assertThat(logged.toString(StandardCharsets.UTF_8)).endsWith(" Mail - tasks.add[id-1] slow\n");
  }

  @Test
  void asJsonALineHasWhatItsThreadCarries() {
    Logger logger = context.getLogger("dev.acme.Mail");
    LoggingEvent event =
        new LoggingEvent("", logger, Level.WARN, "took {} s", null, new Object[] {5});
    event.setMDCPropertyMap(Map.of("queue", "mail"));

    String line = new String(LogConfiguration.json(context).encode(event), StandardCharsets.UTF_8);

    assertThat(line)
        .contains("\"level\":\"WARN\"", "\"queue\":\"mail\"", "\"formattedMessage\":\"took 5 s\"");
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
