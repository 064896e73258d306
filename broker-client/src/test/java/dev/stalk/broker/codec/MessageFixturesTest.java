package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.CELERY_52;
import static dev.stalk.broker.codec.Fixtures.CELERY_57;
import static dev.stalk.broker.codec.Fixtures.bytes;
import static dev.stalk.broker.codec.Fixtures.text;
import static dev.stalk.broker.codec.Fixtures.tree;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.MessageProperties;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** Messages of real Celery clients are understood, and written back as they were. */
class MessageFixturesTest {
  private static final Set<String> NOT_READ_YET = Set.of("compressed", "protocol-1");
  private static final Set<String> WRITTEN_DIFFERENTLY =
      Set.of("eta-naive", "eta-whole-second", "decimals-not-finite");

  private static Stream<String> messagesOf57() {
    return Fixtures.names(CELERY_57 + "messages")
        .filter(name -> !NOT_READ_YET.contains(name) && !WRITTEN_DIFFERENTLY.contains(name));
  }

  private static Stream<String> messagesOf52() {
    return Fixtures.names(CELERY_52 + "messages")
        .filter(name -> !NOT_READ_YET.contains(name) && !WRITTEN_DIFFERENTLY.contains(name));
  }

  @ParameterizedTest
  @MethodSource("messagesOf57")
  void messageOfCelery57IsWrittenBackByteForByte(String name) {
    byte[] raw = bytes(CELERY_57 + "messages/" + name + ".json");

    assertThat(text(writtenBack(raw))).isEqualTo(text(raw));
  }

  @ParameterizedTest
  @MethodSource("messagesOf52")
  void messageOfCelery52IsWrittenBackWithTheHeadersThatCameLater(String name) {
    byte[] raw = bytes(CELERY_52 + "messages/" + name + ".json");
    ObjectNode expected = (ObjectNode) tree(raw);
    expected
        .withObject("headers")
        .put("replaced_task_nesting", 0)
        .putNull("stamped_headers")
        .putObject("stamps");

    assertThat(tree(writtenBack(raw))).isEqualTo(expected);
  }

  private static byte[] writtenBack(byte[] raw) {
    String tag = tree(raw).at("/properties/delivery_tag").asString();
    return MessageCodec.encode(MessageCodec.decode(raw), tag);
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void workflowIsReadWithAllItsParts(String version) {
    String id = "00000000-0000-4000-8000-000000000017";
    String replyTo = "b5de9563-50c1-3aa7-9c2b-4bfca8e21007";
    Map<String, Object> onError = signature("acme.on_error", List.of(), Map.of());
    Map<String, Object> options =
        Map.of(
            "task_id",
            "00000000-0000-4000-8000-0000000003e8",
            "reply_to",
            replyTo,
            "link_error",
            List.of(onError));

    TaskMessage message = decode(version, "workflow");

    assertThat(message.headers())
        .isEqualTo(
            new TaskHeaders(
                "acme.add",
                id,
                null,
                OffsetDateTime.parse("2026-11-21T23:03:43.614765Z"),
                OffsetDateTime.parse("2026-11-21T23:13:13.614765Z"),
                null,
                null,
                0,
                null,
                null,
                id,
                null,
                "(2,)",
                "{'y': 3}",
                "gen4242@client1",
                false,
                0,
                null,
                Map.of(),
                "py",
                Map.of("x-tenant", "t1")));
    assertThat(message.properties())
        .isEqualTo(new MessageProperties(id, replyTo, 6, Route.toQueue("celery"), false, "600000"));
    assertThat(message.body().args()).containsExactly(2);
    assertThat(message.body().kwargs()).isEqualTo(Map.of("y", 3));
    assertThat(message.body().embed())
        .containsOnlyKeys("callbacks", "errbacks", "chain", "chord")
        .containsEntry("callbacks", null)
        .containsEntry("errbacks", List.of(onError))
        .containsEntry("chain", List.of(signature("acme.mul", List.of(10), options)))
        .containsEntry("chord", null);
  }

  private static Map<String, Object> signature(
      String task, List<Object> args, Map<String, Object> options) {
    Map<String, Object> signature = new LinkedHashMap<>();
    signature.put("task", task);
    signature.put("args", args);
    signature.put("kwargs", Map.of());
    signature.put("options", options);
    signature.put("subtask_type", null);
    signature.put("immutable", false);
    return signature;
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void headersAreReadIntoTheirPlaces(String version) {
    TaskHeaders part = decode(version, "chord-1").headers();
    assertThat(part.groupIndex()).isEqualTo(1);
    assertThat(part.group()).isEqualTo(decode(version, "chord-0").headers().group()).hasSize(36);
    assertThat(decode(version, "chord-1").body().embed().get("chord"))
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("task", "acme.mul");

    assertThat(decode(version, "time-limits").headers().timeLimit()).isEqualTo(30);
    assertThat(decode(version, "time-limits").headers().softTimeLimit()).isEqualTo(20.5);
    assertThat(decode(version, "shadow").headers().shadow()).isEqualTo("acme.shown");
    assertThat(decode(version, "shadow").headers().displayName()).isEqualTo("acme.shown");
    assertThat(decode(version, "plain").headers().displayName()).isEqualTo("acme.add");
    assertThat(decode(version, "retries").headers().retries()).isEqualTo(2);
    assertThat(decode(version, "ignore-result").headers().ignoreResult()).isTrue();
    assertThat(decode(version, "priority").properties().priority()).isEqualTo(9);
    assertThat(decode(version, "expired").properties().expiration()).isEqualTo("0");
    assertThat(decode(version, "custom-headers").headers().custom())
        .isEqualTo(
            Map.of("x-tenant", "t1", "x-nested", Map.of("a", Arrays.asList(1, null)), "x-n", 7));
  }

  @Test
  void stampsAreReadWithTheirNames() {
    TaskHeaders headers = decode(CELERY_57, "stamps").headers();

    assertThat(headers.stampedHeaders()).containsExactly("region");
    assertThat(headers.stamps()).isEqualTo(Map.of("region", List.of("eu", "us")));
    assertThat(headers.custom()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void timesOfAnyFormAreTheInstantPythonMeans(String version) {
    assertThat(decode(version, "eta-naive").headers().eta())
        .isEqualTo(OffsetDateTime.parse("2030-01-02T03:04:05.123456Z"));
    assertThat(decode(version, "eta-offset").headers().eta())
        .isEqualTo(OffsetDateTime.parse("2030-01-02T03:04:05.123456+05:30"));
    assertThat(decode(version, "eta-whole-second").headers().eta())
        .isEqualTo(OffsetDateTime.parse("2030-01-02T03:04:05Z"));
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void timesAreWrittenBackWithSixDigitsAndAnOffset(String version) {
    assertThat(writtenEta(version, "eta-naive")).isEqualTo("2030-01-02T03:04:05.123456+00:00");
    assertThat(writtenEta(version, "eta-offset")).isEqualTo("2030-01-02T03:04:05.123456+05:30");
    assertThat(writtenEta(version, "eta-whole-second"))
        .isEqualTo("2030-01-02T03:04:05.000000+00:00");
  }

  private static String writtenEta(String version, String name) {
    return tree(writtenBack(bytes(version + "messages/" + name + ".json")))
        .at("/headers/eta")
        .asString();
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void argumentsAreReadAsTheNearestJavaValues(String version) {
    assertThat(args(version, "integers"))
        .containsExactly(
            0,
            -1,
            Integer.MAX_VALUE,
            1L << 31,
            -(1L << 31) - 1,
            (1L << 53) + 1,
            Long.MAX_VALUE,
            BigInteger.TWO.pow(63),
            BigInteger.TWO.pow(63).negate().subtract(BigInteger.ONE),
            BigInteger.TEN.pow(99).add(BigInteger.valueOf(7)),
            BigInteger.TEN.pow(100).negate());
    assertThat(args(version, "floats"))
        .containsExactly(
            1.0,
            -0.0,
            0.1,
            1e15,
            1e16,
            123456789012345680.0,
            1e-5,
            0.0001,
            Double.MIN_VALUE,
            Double.MAX_VALUE,
            2 / 3.0,
            100.0,
            1e22);
    assertThat(args(version, "not-finite"))
        .containsExactly(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
    assertThat(args(version, "nulls")).containsExactly(null, true, false, List.of(), Map.of(), "");
    assertThat(args(version, "unicode"))
        .containsExactly(
            "h\u00e9llo",
            "\u65e5\u672c\u8a9e",
            "\ud83d\ude00 and \ud800\udc00",
            "\0\u001f\u007f\u0080\u2028\uffff",
            "it's \"quoted\" \\ \b\f\n\r\t/");
    assertThat(decode(version, "unicode").body().kwargs())
        .isEqualTo(Map.of("\u043a\u043b\u044e\u0447", "\u0436"));
    assertThat(args(version, "lone-surrogates")).containsExactly("\ud800", "a\udfffb");
    assertThat(args(version, "no-arguments")).isEmpty();
  }

  @Test
  void typedArgumentsOfCelery57AreReadAsTheirTypes() {
    OffsetDateTime at = OffsetDateTime.parse("2024-01-02T03:04:05.678901Z");

    TaskBody body = decode(CELERY_57, "typed").body();

    assertThat(body.args())
        .containsExactly(
            at,
            LocalDateTime.parse("2024-01-02T03:04:05"),
            OffsetDateTime.parse("2024-01-02T03:04:05.12+05:30"),
            LocalDate.parse("2024-02-29"),
            LocalTime.parse("03:04:05"),
            LocalTime.parse("03:04:05.000006"),
            new BigDecimal("1.50"),
            new BigDecimal("-1E+3"),
            UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
            OffsetTime.parse("03:04:05+05:30"),
            Fixtures.utf8("bytes of UTF-8 \u00e9"),
            new byte[] {(byte) 0xff, 0, (byte) 0x80});
    assertThat(body.kwargs()).isEqualTo(Map.of("nested", Map.of("at", at)));
    assertThat(args(CELERY_57, "decimals-not-finite"))
        .containsExactly(
            Double.NaN, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
    assertThat(decode(CELERY_57, "typed-header").headers().custom())
        .isEqualTo(Map.of("x-at", at, "x-price", new BigDecimal("1.50")));
  }

  @Test
  void typedArgumentsOfCelery52AreTextsThatConvert() {
    List<Object> args = args(CELERY_52, "typed");

    assertThat(args).startsWith("2024-01-02T03:04:05.678901Z", "2024-01-02T03:04:05").hasSize(9);
    assertThat(Values.convert(args.get(0), Instant.class))
        .isEqualTo(Instant.parse("2024-01-02T03:04:05.678901Z"));
    assertThat(Values.convert(args.get(3), LocalDate.class)).isEqualTo(LocalDate.of(2024, 2, 29));
    assertThat(Values.convert(args.get(5), LocalTime.class)).isEqualTo(LocalTime.of(3, 4, 5, 6000));
    assertThat(Values.convert(args.get(6), BigDecimal.class)).isEqualTo(new BigDecimal("1.50"));
    assertThat(Values.convert(args.get(8), UUID.class)).isInstanceOf(UUID.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void shownArgumentsAreThoseOfTheSameValuesHere(String version) {
    for (String name :
        List.of("plain", "kwargs", "no-arguments", "nulls", "nested", "not-finite")) {
      TaskMessage message = decode(version, name);
      String shown = MessageCodec.argsRepr(message.body().args());

      assertThat(message.headers().argsRepr())
          .isIn(shown, MessageCodec.repr(message.body().args())); // a list where Python got one
      assertThat(MessageCodec.kwargsRepr(message.body().kwargs()))
          .isEqualTo(message.headers().kwargsRepr());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void aCompressedBodyIsReadAndItsHeaderIsNotTheCallers(String version) {
    TaskMessage message = decode(version, "compressed");

    assertThat(message.headers().id()).isEqualTo("00000000-0000-4000-8000-00000000001b");
    assertThat(message.headers().custom()).doesNotContainKey("compression");
    assertThat(message.body().embed()).containsKey("callbacks");
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void aMessageOfProtocolOneIsReadLikeOneOfProtocolTwo(String version) {
    TaskMessage message = decode(version, "protocol-1");

    assertThat(message.headers().task()).isNotEmpty();
    assertThat(message.headers().id()).isEqualTo(message.properties().correlationId());
    assertThat(message.headers().argsRepr())
        .isEqualTo(MessageCodec.argsRepr(message.body().args()));
    assertThat(message.headers().custom()).isEmpty();
    assertThat(message.body().embed().keySet())
        .containsExactly("callbacks", "errbacks", "chain", "chord");
  }

  private static List<Object> args(String version, String name) {
    return Collections.unmodifiableList(decode(version, name).body().args());
  }

  private static TaskMessage decode(String version, String name) {
    return MessageCodec.decode(bytes(version + "messages/" + name + ".json"));
  }
}
