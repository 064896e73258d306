package dev.stalk.broker;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is refused before it is sent, as a Python worker could not keep it. */
class PythonReadableTest {
  private static final String HALF = "a\uD800b";
  private static final String NUL = "a\u0000b";
  private static final TaskSignature CALL = TaskSignature.of("shop.charge");

  private final MessageFactory messages =
      new MessageFactory(BrokerConfig.builder().build(), Clock.systemUTC());

  private static TaskSignature with(SendOptions.Builder options) {
    return CALL.with(options.build());
  }

  private static SendOptions.Builder options() {
    return SendOptions.builder();
  }

  private static Map<String, TaskSignature> named(String text) {
    Map<String, TaskSignature> calls = new LinkedHashMap<>();
    calls.put("task", TaskSignature.of(text));
    calls.put("id", CALL.withId(text));
    calls.put("root id", with(options().rootId(text)));
    calls.put("parent id", with(options().parentId(text)));
    calls.put("reply to", with(options().replyTo(text)));
    calls.put("exchange", CALL.to(Route.direct(text, "k")));
    calls.put("routing key", CALL.to(Route.topic("e", text)));
    calls.put("the name of a header", CALL.withHeader(text, 1));
    calls.put("the name of a stamp", CALL.withStamp(text, 1));
    calls.put("link[0].id", CALL.link(CALL.withId(text)));
    calls.put("link_error[0].link[0].task", CALL.linkError(CALL.link(TaskSignature.of(text))));
    return calls;
  }

  private void isRefused(TaskSignature call, String start, String remedy) {
    assertThatThrownBy(() -> messages.message(call))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(start)
        .hasMessageContaining(remedy);
  }

  @Test
  void halfASurrogatePairIsRefusedInEveryNameAndId() {
    named(HALF).forEach((place, call) -> isRefused(call, place + " holds half", "leave it out"));
    isRefused(CALL.on(HALF), "queue holds half", "leave it out");
  }

  @Test
  void aControlCharacterIsRefusedInEveryNameAndId() {
    named(NUL)
        .forEach((place, call) -> isRefused(call, place + " holds a control", "leave it out"));
  }

  @Test
  void halfASurrogatePairIsRefusedInWhatLogsShow() {
    isRefused(with(options().shadow(HALF)), "shadow holds half", "leave it out");
    isRefused(with(options().argsRepr(HALF)), "args repr holds half", "leave it out");
    isRefused(with(options().kwargsRepr(HALF)), "kwargs repr holds half", "leave it out");
  }

  @Test
  void everyOtherCharacterIsTaken() {
    String text = "za\u017c\u00f3\u0142\u0107 \uD83E\uDD6C %s {} '\"";

    named(text)
        .values()
        .forEach(call -> assertThatCode(() -> messages.message(call)).doesNotThrowAnyException());
  }

  @Test
  void aCallbacksDelayThatPythonCannotAddIsRefused() {
    for (long seconds : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, 400_000L * 86_400}) {
      Duration delay = Duration.ofSeconds(seconds);
      isRefused(
          CALL.link(CALL).link(CALL.withCountdown(delay)),
          "link[1].countdown is ",
          "thousand years");
      isRefused(
          CALL.linkError(CALL.expiringAfter(delay)), "link_error[0].expires is ", "thousand years");
    }
    assertThatCode(() -> messages.message(CALL.link(CALL.withCountdown(Duration.ofDays(365_000)))))
        .doesNotThrowAnyException();
  }
}
