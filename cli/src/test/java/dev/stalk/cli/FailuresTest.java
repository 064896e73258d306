package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class FailuresTest {

  @Test
  void everyExceptionHasItsExitCode() {
    assertThat(Failures.exitCode(new BrokerUnavailableException("away", null))).isEqualTo(69);
    assertThat(Failures.exitCode(new BrokerFullException("full", null))).isEqualTo(69);
    assertThat(Failures.exitCode(new BrokerRefusedException("no", null))).isEqualTo(77);
    assertThat(Failures.exitCode(new BrokerException("odd"))).isEqualTo(1);
    assertThat(Failures.exitCode(new MalformedMessageException("odd"))).isEqualTo(1);
    assertThat(Failures.exitCode(new EncodingException("no JSON"))).isEqualTo(2);
    assertThat(Failures.exitCode(new IllegalArgumentException("no"))).isEqualTo(2);
    assertThat(Failures.exitCode(new IllegalStateException("bug"))).isEqualTo(70);
    assertThat(Failures.exitCode(new StackOverflowError())).isEqualTo(70);
  }

  @Test
  void aFailureIsOneLine() {
    assertThat(report(new BrokerException("what happened"))).isEqualTo("stalk: what happened\n");
  }

  @Test
  void anInternalErrorSaysHowToGetTheTrace() {
    assertThat(report(new IllegalStateException("bug")))
        .isEqualTo(
            """
            stalk: internal error: java.lang.IllegalStateException: bug
            Run it again with STALK_LOG=debug for the trace.
            """);
  }

  private static String report(Throwable e) {
    StringWriter err = new StringWriter();
    Failures.report(e, new PrintWriter(err, true));
    return err.toString().replace(System.lineSeparator(), "\n");
  }
}
