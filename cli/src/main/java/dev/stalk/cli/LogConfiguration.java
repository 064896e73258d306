package dev.stalk.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Log lines on standard error: from Stalk at INFO or what {@code STALK_LOG} says, from everything
 * else at WARN; as JSON where {@code STALK_LOG_FORMAT} is {@code json}. Found by logback as a
 * service.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
  static final String VARIABLE = "STALK_LOG";

  static final String FORMAT_VARIABLE = "STALK_LOG_FORMAT";

  private static final String LINE =
      "%d{HH:mm:ss.SSS} %-5level %thread %logger{0} -"
          + " %replace(%X{task_name}[%X{task_id}] ){'^\\[\\] $', ''}%msg%n";

  /** These tell in their message what is wrong; Stalk reports what comes of it. */
  private static final List<String> WITHOUT_TRACES =
      List.of("redis.clients", "org.apache.commons.pool2");

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    String wanted = System.getenv(VARIABLE);
    Level level = Level.toLevel(wanted, Level.INFO);
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    context.getLogger("dev.stalk").setLevel(level);
    if ("json".equalsIgnoreCase(System.getenv(FORMAT_VARIABLE))) {
      root.addAppender(console(context, "json", json(context)));
      return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
    root.addAppender(console(context, "console", LINE + "%ex"));
    if (level.isGreaterOrEqual(Level.INFO)) {
      ConsoleAppender<ILoggingEvent> brief = console(context, "brief", LINE + "%nopex");
      for (String name : WITHOUT_TRACES) {
        context.getLogger(name).setAdditive(false);
        context.getLogger(name).addAppender(brief);
      }
    }
    if (wanted != null && !wanted.isBlank() && !wanted.equalsIgnoreCase(level.toString())) {
      context
          .getLogger(LogConfiguration.class)
          .warn("{}={} is no level; taking {}", VARIABLE, wanted, level);
    }
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static ConsoleAppender<ILoggingEvent> console(
      LoggerContext context, String name, String pattern) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setPattern(pattern);
    encoder.start();
    return console(context, name, encoder);
  }

  /** An object for each line, with what the task's thread carries under {@code mdc}. */
  static Encoder<ILoggingEvent> json(LoggerContext context) {
    JsonEncoder encoder = new JsonEncoder();
    encoder.setContext(context);
    encoder.setWithFormattedMessage(true);
    encoder.setWithMessage(false);
    encoder.setWithArguments(false);
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithContext(false);
    encoder.start();
    return encoder;
  }

  private static ConsoleAppender<ILoggingEvent> console(
      LoggerContext context, String name, Encoder<ILoggingEvent> encoder) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setName(name);
    console.setTarget("System.err");
    console.setEncoder(encoder);
    console.start();
    return console;
  }
}
