package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.message.MessageProperties;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a message's body and a stored result are written in, and how large they may be. */
class MessageContentTest {
  private static final ContentConfig EVERYTHING =
      ContentConfig.builder().acceptContent("json", "yaml", "msgpack").build();

  private static TaskMessage message(Object argument, String serializer, String compression) {
    TaskMessage plain = MessageCodec.decode(Envelope.aMessage().bytes());
    MessageProperties as = plain.properties();
    return new TaskMessage(
        plain.headers(),
        new TaskBody(List.of(argument), Map.of("k", "v"), Map.of()),
        new MessageProperties(
            as.correlationId(),
            as.replyTo(),
            as.priority(),
            as.route(),
            as.redelivered(),
            as.expiration(),
            serializer,
            compression,
            PublishRetry.AS_CONFIGURED));
  }

  private static JsonNode envelope(byte[] raw) {
    return Fixtures.tree(raw);
  }

  private static Object nested(int levels) {
    Object value = "deep";
    for (int i = 0; i < levels; i++) {
      value = List.of(value);
    }
    return value;
  }

  @Test
  void aTaskNestedDeeperThanAPythonPoolTakesIsNotSent() {
    int inBody = MessageCodec.MOST_SENT_DEPTH - 2;

    for (String serializer : List.of("json", "msgpack", "yaml")) {
      MessageCodec.encode(message(nested(inBody), serializer, "none"), "tag", EVERYTHING);
      assertThatThrownBy(
              () ->
                  MessageCodec.encode(
                      message(nested(inBody + 1), serializer, "none"), "tag", EVERYTHING))
          .isInstanceOf(EncodingException.class)
          .hasMessageContaining("nested deeper than 400 levels");
    }
  }

  @Test
  void headersStampsAndCallbacksAreNoDeeperThanArguments() {
    MessageFactory messages = new MessageFactory(BrokerConfig.builder().build(), Clock.systemUTC());
    TaskSignature call = TaskSignature.of("t");
    Map<String, TaskSignature> tooDeep =
        Map.of(
            "args: ", TaskSignature.of("t", nested(400)),
            "kwargs: ", call.kwarg("k", nested(400)),
            "header x: ", call.withHeader("x", nested(400)),
            "stamps: ", call.withStamp("s", nested(400)),
            "link or link_error: ", call.link(TaskSignature.of("n", nested(396))));

    tooDeep.forEach(
        (place, signature) ->
            assertThatThrownBy(() -> MessageCodec.encode(messages.message(signature), "tag"))
                .isInstanceOf(EncodingException.class)
                .hasMessageStartingWith(place)
                .hasMessageContaining("nested deeper than 400 levels"));
  }

  @Test
  void aRowOfCallbacksEndsWhereAPythonWorkerWould() {
    MessageFactory messages = new MessageFactory(BrokerConfig.builder().build(), Clock.systemUTC());
    TaskSignature row = TaskSignature.of("t");
    for (int i = 0; i < 150; i++) {
      row = TaskSignature.of("t").link(row);
    }
    TaskMessage message = messages.message(row);

    assertThatThrownBy(() -> MessageCodec.encode(message, "tag"))
        .isInstanceOf(EncodingException.class)
        .hasMessageStartingWith("link or link_error: ");
  }

  @Test
  void aNumberThatEndsAPythonWorkerIsRefusedInHeadersWithItsPlace() {
    MessageFactory messages = new MessageFactory(BrokerConfig.builder().build(), Clock.systemUTC());
    BigInteger huge = BigInteger.TEN.pow(4300);
    TaskSignature call = TaskSignature.of("t");

    for (TaskSignature wrong : List.of(call.withHeader("size", huge), call.withStamp("s", huge))) {
      TaskMessage message = messages.message(wrong);
      assertThatThrownBy(() -> MessageCodec.encode(message, "tag"))
          .isInstanceOf(EncodingException.class)
          .hasMessageMatching("(header size|stamps): a whole number has more than 4300 digits.*");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "json, none, application/json, utf-8,",
    "json, gzip, application/json, utf-8, application/x-gzip",
    "yaml, bzip2, application/x-yaml, utf-8, application/x-bz2",
    "yaml, xz, application/x-yaml, utf-8, application/x-lzma",
    "msgpack, none, application/x-msgpack, binary,",
    "msgpack, zstandard, application/x-msgpack, binary, application/zstd",
    "application/x-msgpack, brotli, application/x-msgpack, binary, application/x-brotli"
  })
  void theEnvelopeSaysWhatTheBodyIs(
      String serializer, String compression, String type, String encoding, String header) {
    TaskMessage message = message("x", serializer, compression);

    byte[] raw = MessageCodec.encode(message, "tag", EVERYTHING);

    JsonNode envelope = envelope(raw);
    assertThat(envelope.get("content-type").stringValue()).isEqualTo(type);
    assertThat(envelope.get("content-encoding").stringValue()).isEqualTo(encoding);
    assertThat(envelope.get("headers").path("compression").asStringOpt().orElse(null))
        .isEqualTo(header);
    assertThat(envelope.at("/properties/body_encoding").stringValue()).isEqualTo("base64");
    assertThat(MessageCodec.decode(raw, EVERYTHING).body()).isEqualTo(message.body());
  }

  @Test
  void theConfiguredContentIsTheDefaultOfACall() {
    ContentConfig config =
        EVERYTHING.toBuilder().taskSerializer("yaml").taskCompression("gzip").build();

    JsonNode envelope = envelope(MessageCodec.encode(message(1, null, null), "tag", config));
    assertThat(envelope.get("content-type").stringValue()).isEqualTo("application/x-yaml");
    assertThat(envelope.at("/headers/compression").stringValue()).isEqualTo("application/x-gzip");
    assertThat(
            envelope(MessageCodec.encode(message(1, "json", "none"), "tag", config))
                .get("headers")
                .has("compression"))
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "pickle, none, run the code of whoever sent it",
    "raw, none, a text or bytes alone",
    "xml, none, 'there is no serializer ''xml'', only json, yaml, msgpack'",
    "json, rar, there is no compression 'rar'",
    "msgpack, none, BigDecimal has no form in msgpack"
  })
  void whatCannotBeSentIsRefusedBeforeItIs(String serializer, String compression, String why) {
    assertThatThrownBy(
            () ->
                MessageCodec.encode(
                    message(new BigDecimal("1"), serializer, compression), "tag", EVERYTHING))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining(why.replace("''", "'"));
  }

  @Test
  void aMessageWithoutArgumentsStillHasABody() {
    TaskMessage plain = message(1, null, null);
    TaskMessage empty =
        new TaskMessage(
            plain.headers(), new TaskBody(List.of(), Map.of(), Map.of()), plain.properties());

    assertThat(envelope(MessageCodec.encode(empty, "tag")).get("body").stringValue())
        .isEqualTo(
            Base64.getEncoder().encodeToString("[[], {}, {}]".getBytes(StandardCharsets.US_ASCII)));
  }

  // ---- bounds

  @Test
  void aBodyBeyondItsBoundIsNeitherSentNorRead() {
    ContentConfig small = EVERYTHING.toBuilder().maxBodySize(1024).build();
    byte[] large = MessageCodec.encode(message("x".repeat(1024), null, null), "tag");
    byte[] fine = MessageCodec.encode(message("x".repeat(900), null, null), "tag", small);

    assertThat(MessageCodec.decode(fine, small).body().args()).hasSize(1);
    assertThatThrownBy(() -> MessageCodec.decode(large, small))
        .isInstanceOfSatisfying(
            MalformedMessageException.class, e -> assertThat(e.taskId()).isEqualTo(Envelope.ID))
        .hasMessageContaining("content.max-body-size is 1024");
    for (String serializer : List.of("json", "yaml", "msgpack")) {
      assertThatThrownBy(
              () -> MessageCodec.encode(message("x".repeat(1024), serializer, null), "tag", small))
          .isInstanceOf(EncodingException.class)
          .hasMessageContaining("content.max-body-size is 1024");
    }
  }

  @Test
  void aBodyThatWouldBeTooLargeOnceUnpackedIsNotSent() {
    ContentConfig small = EVERYTHING.toBuilder().maxDecompressedSize(1024).build();

    assertThatThrownBy(
            () -> MessageCodec.encode(message("x".repeat(2000), null, "gzip"), "tag", small))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("content.max-decompressed-size");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml", "msgpack"})
  void aBodyNestedTooDeeplyIsMalformed(String serializer) {
    Object deep = List.of();
    for (int i = 0; i < 20; i++) {
      deep = List.of(deep);
    }
    byte[] raw = MessageCodec.encode(message(deep, serializer, "gzip"), "tag", EVERYTHING);

    assertThatThrownBy(() -> MessageCodec.decode(raw, EVERYTHING.toBuilder().maxDepth(10).build()))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("message.body")
        .hasMessageContaining("nested");
  }

  // ---- half surrogate pairs

  @Test
  void halfASurrogatePairIsReadInKeysToo() {
    byte[] raw =
        Envelope.aMessage()
            .body(
                "[[\"\\udc00\"], {\"a\\ud83d\": \"\\\\ud83d\", \"\\ud83d\\ude00\\ude00\": 1}, {}]")
            .bytes();

    TaskBody body = MessageCodec.decode(raw).body();

    assertThat(body.args()).containsExactly("\udc00");
    assertThat(body.kwargs()).isEqualTo(Map.of("a\ud83d", "\\ud83d", "\ud83d\ude00\ude00", 1));
    assertThat(
            MessageCodec.decode(MessageCodec.encode(message(body.kwargs(), null, null), "t"))
                .body()
                .args())
        .containsExactly(body.kwargs());
  }

  @Test
  void halfASurrogatePairInAHeadersNameHindersNothing() {
    String raw =
        new String(Envelope.aMessage().bytes(), StandardCharsets.UTF_8)
            .replace("\"lang\"", "\"x-\\ud83d\": 1, \"lang\"");
    byte[] bytes = raw.getBytes(StandardCharsets.UTF_8);

    assertThat(MessageCodec.decode(bytes).headers().custom()).containsEntry("x-\ud83d", 1);
    byte[] marked = Redelivery.mark(bytes);
    assertThat(MessageCodec.decode(marked).properties().redelivered()).isTrue();
    assertThat(new String(marked, StandardCharsets.UTF_8)).contains("x-\\ud83d");
    assertThat(UnackedEntry.parse(UnackedEntry.of(bytes, "q\ud83d\ude00")))
        .satisfies(entry -> assertThat(entry.message()).isEqualTo(bytes))
        .satisfies(entry -> assertThat(entry.routingKey()).isEqualTo("q\ud83d\ude00"));
  }

  // ---- results

  private static TaskResult result(Object value, RemoteException failure, String traceback) {
    return new TaskResult(
        "id",
        failure == null ? TaskState.SUCCESS : TaskState.FAILURE,
        value,
        failure,
        traceback,
        "2024-01-02T03:04:05.000000+00:00",
        "parent",
        List.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml", "msgpack"})
  void aResultIsReadInWhateverAcceptedContentItHas(String serializer) {
    ContentConfig writer = ContentConfig.builder().resultSerializer(serializer).build();
    TaskResult result = result(Map.of("k", List.of(1, "a")), null, null);

    byte[] meta = ResultCodec.encode(result, null, Map.of(), writer);

    assertThat(ResultCodec.decode("id", meta, writer)).isEqualTo(result);
    if (serializer.equals("msgpack")) {
      assertThat(ResultCodec.decode("id", meta, EVERYTHING)).isEqualTo(result);
      assertThatThrownBy(() -> ResultCodec.decode("id", meta))
          .isInstanceOf(MalformedMessageException.class)
          .hasMessageContaining("looks like msgpack")
          .hasMessageContaining("content.result-accept-content");
    }
  }

  @Test
  void yamlOfJavaIsToldFromJson() {
    ContentConfig writer = ContentConfig.builder().resultSerializer("yaml").build();
    TaskResult result = result(Double.POSITIVE_INFINITY, null, null);

    byte[] meta = ResultCodec.encode(result, null, Map.of(), writer);

    assertThat(ResultCodec.decode("id", meta, EVERYTHING)).isEqualTo(result);
    assertThatThrownBy(() -> ResultCodec.decode("id", meta)).hasMessageContaining("not JSON");
  }

  @Test
  void yamlOfPythonIsToldFromJson() {
    byte[] meta =
        "children: []\ndate_done: '2024'\nresult: 0o14\nstatus: SUCCESS\ntask_id: id\ntraceback: null\n"
            .getBytes(StandardCharsets.US_ASCII);

    assertThat(ResultCodec.decode("id", meta, EVERYTHING).value()).isEqualTo("0o14");
    assertThatThrownBy(() -> ResultCodec.decode("id", meta))
        .hasMessageContaining("looks like yaml");
  }

  @Test
  void aPickledResultIsRefused() {
    assertThatThrownBy(() -> ResultCodec.decode("id", new byte[] {(byte) 0x80, 4, '}'}, EVERYTHING))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("pickle is refused");
  }

  @Test
  void aLargeResultIsRefusedAndALargeFailureShortened() {
    ContentConfig small = ContentConfig.builder().maxResultSize(1024).build();
    RemoteException failure = RemoteException.of("m", "Boom", "short and sweet");

    assertThatThrownBy(
            () -> ResultCodec.encode(result("x".repeat(1024), null, null), null, Map.of(), small))
        .isInstanceOf(ResultTooLargeException.class)
        .hasMessageContaining("content.max-result-size is 1024");
    byte[] meta =
        ResultCodec.encode(result(null, failure, "\0".repeat(9999)), null, Map.of(), small);
    assertThat(meta).hasSizeLessThanOrEqualTo(1024);
    assertThat(ResultCodec.decode("id", meta).failure()).isEqualTo(failure);
    byte[] worse =
        ResultCodec.encode(
            result(null, RemoteException.of("m", "Boom", "\1".repeat(9999)), "t"),
            null,
            Map.of(),
            small);
    assertThat(worse).hasSizeLessThanOrEqualTo(1024);
    assertThat(ResultCodec.decode("id", worse).failure().type()).isEqualTo("Boom");
  }

  // ---- settings

  @Test
  void namesOfSettingsAreMadeKombusOwn() {
    ContentConfig config =
        ContentConfig.builder()
            .taskSerializer("application/x-yaml")
            .taskCompression("xz")
            .acceptContent("application/json")
            .resultSerializer("msgpack")
            .build();

    assertThat(config.taskSerializer()).isEqualTo("yaml");
    assertThat(config.taskCompression()).isEqualTo("lzma");
    assertThat(config.acceptContent()).containsExactly("json");
    assertThat(config.resultAcceptContent()).containsExactlyInAnyOrder("json", "msgpack");
    assertThat(config.toBuilder().build()).isEqualTo(config);
    assertThat(config.toBuilder().acceptContent("yaml").build().resultAcceptContent())
        .containsExactlyInAnyOrder("yaml", "msgpack");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1024, 1024, 1024, max-depth must be between 1 and 500",
    "501, 1024, 1024, 1024, max-depth must be between 1 and 500",
    "1, 1023, 1024, 1024, max-body-size must be between 1KiB and 384MiB",
    "1, 402653185, 1024, 1024, max-body-size must be between 1KiB and 384MiB",
    "1, 1024, 1073741825, 1024, max-decompressed-size must be between 1KiB and 1024MiB",
    "1, 1024, 1024, 536870913, max-result-size must be between 1KiB and 512MiB"
  })
  void aSettingOutOfItsRangeIsRefused(
      int depth, int body, int decompressed, int result, String complaint) {
    assertThatThrownBy(
            () ->
                ContentConfig.builder()
                    .maxDepth(depth)
                    .maxBodySize(body)
                    .maxDecompressedSize(decompressed)
                    .maxResultSize(result)
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint);
  }
}
