package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PythonSessionTest {

  private static RedisServer redis;
  private static PythonSession python;

  @BeforeAll
  static void startSession() {
    redis = RedisServer.start();
    python = PeerTasks.client(PythonEnvironment.celery(), redis);
  }

  @AfterAll
  static void endSession() {
    python.close();
    redis.close();
  }

  @Test
  void valuesGoInAndComeOut() {
    Map<String, Object> value = new HashMap<>();
    value.put("text", "grüße \u2028 \"quoted\"\n");
    value.put("numbers", List.of(1, 2.5, -3));
    value.put("nothing", null);
    value.put("nested", Map.of("list", Arrays.asList(true, null)));

    String echoed = python.eval("value", Map.of("value", value)).toString();

    assertThat(
            python
                .eval("import json; json.loads(text) == value", Map.of("text", echoed))
                .booleanValue())
        .isTrue();
  }

  @Test
  void whatIsDefinedStaysDefined() {
    python.eval("def double(n):\n  return 2 * n\ncounter = start", Map.of("start", 20));
    python.eval("counter += 1");

    assertThat(python.eval("double(counter)").intValue()).isEqualTo(42);
  }

  @Test
  void statementsHaveNoValueAndTheLastExpressionIsTheValue() {
    assertThat(python.eval("a = 1").isNull()).isTrue();
    assertThat(python.eval("").isNull()).isTrue();
    assertThat(python.eval("b = 2\nb + 1").intValue()).isEqualTo(3);
  }

  @Test
  void whatJsonCannotSayIsSaidAsPythonDoes() {
    assertThat(python.eval("[b'raw', (1, 2), {3}]").toString())
        .isEqualTo("[\"b'raw'\",[1,2],\"{3}\"]");
  }

  @Test
  void theAppAndTheNamesOfTheModuleAreThere() {
    assertThat(python.eval("app.main").stringValue()).isEqualTo("peer_tasks");
    assertThat(python.eval("add.name").stringValue()).isEqualTo("peer_tasks.add");
  }

  @Test
  void aRealMessageIsSent() {
    python.eval("add.apply_async((x, 3), queue='sums')", Map.of("x", 2));

    assertThat(redis.command("LLEN", "sums")).isEqualTo(1L);
    assertThat((String) redis.command("LINDEX", "sums", "0")).contains("peer_tasks.add");
  }

  @Test
  void anExceptionIsToldInFull() {
    PythonRaised raised =
        catchThrowableOfType(PythonRaised.class, () -> python.eval("raise Odd('boom', 7, {1})"));

    assertThat(raised.type()).isEqualTo("Odd");
    assertThat(raised.module()).isEqualTo("peer_tasks");
    assertThat(raised.text()).isEqualTo("('boom', 7, {1})");
    assertThat(raised.arguments().toString()).isEqualTo("[\"boom\",7,\"{1}\"]");
    assertThat(raised.mro())
        .containsExactly("peer_tasks.Odd", "ValueError", "Exception", "BaseException", "object");
    assertThat(raised.traceback()).contains("raise Odd('boom', 7, {1})");
    assertThat(raised).hasMessageStartingWith("Odd: ('boom', 7, {1})\n");
  }

  @Test
  void codeThatIsNoPythonIsToldAndTheSessionGoesOn() {
    assertThatThrownBy(() -> python.eval("1 +"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("SyntaxError"));
    assertThatThrownBy(() -> python.eval("import sys; sys.exit(3)"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("SystemExit"));
    assertThatThrownBy(() -> python.eval("float('nan')"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("ValueError"));

    assertThat(python.eval("1 + 1").intValue()).isEqualTo(2);
  }

  @Test
  void whatPythonPrintsIsNoReply() {
    python.eval("print('{\"value\": \"fooled\"}')");
    python.eval("import os; os.system('echo from a child')");
    assertThat(python.eval("os.write(1, b'raw bytes\\n') + 0").intValue()).isEqualTo(10);
    assertThat(python.eval("sys.stdin.read() == ''").booleanValue()).isTrue();

    python.eval("print('the end')");
    assertThat(python.eval("'reply'").stringValue()).isEqualTo("reply");
    assertThat(python.output()).contains("noise at import", "from a child", "raw bytes");
  }

  @Test
  void aModuleThatCannotBeImportedIsTold() {
    PythonSession.Builder builder =
        PythonSession.builder(PythonEnvironment.celery()).module("module_of_nobody");

    assertThatThrownBy(builder::start)
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> assertThat(raised.mro()).contains("ModuleNotFoundError", "ImportError"));
  }

  @Test
  void anAnswerThatDoesNotComeEndsTheSession() {
    try (PythonSession slow =
        PythonSession.builder(PythonEnvironment.celery())
            .patience(Duration.ofMillis(200))
            .start()) {
      assertThatThrownBy(() -> slow.eval("import threading; threading.Event().wait()"))
          .isInstanceOf(PeerUnavailableException.class)
          .hasMessageContaining("did not answer within PT0.2S");
      assertThatThrownBy(() -> slow.eval("1")).isInstanceOf(PeerUnavailableException.class);
    }
  }

  @Test
  void aSessionThatDiesIsToldWithItsLastWords() {
    try (PythonSession dying = PythonSession.builder(PythonEnvironment.celery()).start()) {
      assertThatThrownBy(() -> dying.eval("import os; print('farewell'); os._exit(3)"))
          .isInstanceOf(PeerUnavailableException.class)
          .hasMessageContaining("exit code 3")
          .hasMessageContaining("farewell");
    }
  }

  @Test
  void closingEndsTheProcess() {
    PythonSession session = PythonSession.builder(PythonEnvironment.celery()).start();
    ProcessHandle process = ProcessHandle.of(session.pid()).orElseThrow();

    session.close();
    session.close();

    assertThat(process.isAlive()).isFalse();
  }
}
