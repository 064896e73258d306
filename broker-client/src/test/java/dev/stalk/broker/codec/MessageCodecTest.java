package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Envelope.aMessage;
import static dev.stalk.broker.codec.Fixtures.tree;
import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class MessageCodecTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "x", "[]", "null", "5", "\"text\"", "{", "{}{}", "{\"headers\": 1} x"})
  void whatIsNoJsonObjectIsMalformed(String raw) {
    assertThatThrownBy(() -> MessageCodec.decode(utf8(raw)))
        .isInstanceOfSatisfying(
            MalformedMessageException.class, e -> assertThat(e.taskId()).isNull())
        .hasMessageStartingWith("message");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /headers                     | []                    | message.headers is an array
          /headers                     | "text"                | message.headers is 'text'
          /headers                     | null                  | headers.task is missing
          /headers                     | {}                    | headers.task is missing
          /headers/task                | null                  | headers.task is missing
          /headers/task                | ""                    | headers.task is missing
          /headers/task                | 5                     | headers.task is '5'
          /headers/task                | {}                    | headers.task is an object
          /headers/id                  | null                  | headers.id is missing
          /headers/id                  | ""                    | headers.id is missing
          /headers/id                  | 7                     | headers.id is '7'
          /headers/shadow              | []                    | headers.shadow is an array
          /headers/eta                 | ""                    | headers.eta is ''
          /headers/eta                 | "tomorrow"            | headers.eta is 'tomorrow'
          /headers/eta                 | 1767225600            | headers.eta is '1767225600'
          /headers/eta                 | "2026-13-01T00:00:00" | headers.eta is
          /headers/eta                 | "+12026-01-01T00:00Z" | headers.eta is
          /headers/eta                 | "0000-01-01T00:00Z"   | headers.eta is
          /headers/expires             | ""                    | headers.expires is ''
          /headers/expires             | true                  | headers.expires is 'true'
          /headers/expires             | "in an hour"          | headers.expires is 'in an hour'
          /headers/group               | 1                     | headers.group is '1'
          /headers/group_index         | "0"                   | headers.group_index is '0'
          /headers/retries             | "1"                   | headers.retries is '1'
          /headers/retries             | 1.5                   | headers.retries is '1.5'
          /headers/retries             | 99999999999           | headers.retries is '99999999999'
          /headers/timelimit           | {}                    | headers.timelimit is an object
          /headers/timelimit           | 30                    | headers.timelimit is '30'
          /headers/timelimit           | ["30", null]          | headers.timelimit is '30'
          /headers/timelimit           | [null, []]            | headers.timelimit is an array
          /headers/root_id             | 1                     | headers.root_id is '1'
          /headers/parent_id           | {}                    | headers.parent_id is an object
          /headers/argsrepr            | [1]                   | headers.argsrepr is an array
          /headers/kwargsrepr          | {}                    | headers.kwargsrepr is an object
          /headers/origin              | false                 | headers.origin is 'false'
          /headers/lang                | 1                     | headers.lang is '1'
          /headers/ignore_result       | "yes"                 | headers.ignore_result is 'yes'
          /headers/replaced_task_nesting | "a"                | headers.replaced_task_nesting is 'a'
          /headers/stamped_headers     | {}                    | headers.stamped_headers is an object
          /headers/stamps              | []                    | headers.stamps is an array
          /headers/compression         | "application/x-gzip"  | message.body is not gzip
          /headers/compression         | "application/x-rar"   | headers.compression is 'application/x-rar'
          /headers/compression         | "GZIP"                | headers.compression is 'GZIP'
          /headers/compression         | 5                     | headers.compression is '5'
          /content-type                | null                  | message.content-type is missing
          /content-type                | "APPLICATION/JSON"    | message.content-type is 'APPLICATION/JSON'
          /content-type                | "application/x-python-serialize" | pickle is refused
          /content-type                | "application/data"    | it is a text or bytes alone
          /content-type                | "application/x-yaml"  | content.accept-content may name yaml
          /content-type                | "application/x-msgpack" | content.accept-content may name msgpack
          /content-type                | "application/json; charset=utf-8" | message.content-type is
          /content-type                | 5                     | message.content-type is '5'
          /properties                  | []                    | message.properties is an array
          /properties                  | 1                     | message.properties is '1'
          /properties/delivery_info    | "celery"              | message.properties.delivery_info is
          /properties/delivery_info/exchange    | 1            | delivery_info.exchange is '1'
          /properties/delivery_info/routing_key | []           | delivery_info.routing_key is
          /properties/delivery_info/redelivered | 1            | delivery_info.redelivered is '1'
          /properties/body_encoding    | "rot13"               | message.properties.body_encoding is
          /properties/body_encoding    | 64                    | message.properties.body_encoding is
          /properties/correlation_id   | 1                     | message.properties.correlation_id is
          /properties/reply_to         | {}                    | message.properties.reply_to is
          /properties/expiration       | 5                     | message.properties.expiration is
          /body                        | null                  | message.body is missing
          /body                        | ""                    | message.body is missing
          /body                        | {}                    | message.body is an object
          /body                        | 12                    | message.body is '12'
          /body                        | "***"                 | message.body is not base64
          /body                        | "bm90IGpzb24="        | message.body: not JSON
          """)
  void fieldOfTheWrongKindIsNamed(String path, String value, String complaint) {
    byte[] raw = aMessage().with(path, value).bytes();

    assertThatThrownBy(() -> MessageCodec.decode(raw))
        .isInstanceOfSatisfying(
            MalformedMessageException.class,
            e -> assertThat(e.taskId()).isEqualTo(readableId(path)))
        .hasMessageContaining(complaint);
  }

  private static String readableId(String path) {
    return path.equals("/headers") || path.equals("/headers/id") ? null : Envelope.ID;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                 | message.body
          5                                  | message.body is '5'
          null                               | message.body is missing
          []                                 | message.body is an array
          [[], {}]                           | message.body is an array
          [[], {}, {}, {}]                   | message.body is an array
          [{}, {}, {}]                       | message.body[0] (args) is an object
          [null, {}, {}]                     | message.body[0] (args) is missing
          [[], [], {}]                       | message.body[1] (kwargs) is an array
          [[], null, {}]                     | message.body[1] (kwargs) is missing
          [[], {}, []]                       | message.body[2] (embed) is an array
          [[], {}, "x"]                      | message.body[2] (embed) is 'x'
          [[], {}, {}] []                    | message.body: there is more text
          [[{"__type__": "uuid", "__value__": {"hex": "12"}}], {}, {}] | message.body: a marked uuid
          """)
  void bodyOfTheWrongShapeIsDescribed(String body, String complaint) {
    assertThatThrownBy(() -> MessageCodec.decode(aMessage().body(body).bytes()))
        .isInstanceOfSatisfying(
            MalformedMessageException.class, e -> assertThat(e.taskId()).isEqualTo(Envelope.ID))
        .hasMessageContaining(complaint);
  }

  @Test
  void bodyNestedTooDeeplyIsMalformedAndNeverOverflowsTheStack() {
    String deep = "[[" + "[".repeat(100_000) + "]".repeat(100_000) + "], {}, {}]";

    assertThatThrownBy(() -> MessageCodec.decode(aMessage().body(deep).bytes()))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("message.body");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/content-encoding",
        "/properties/priority",
        "/properties/delivery_tag",
        "/properties/delivery_mode",
        "/properties/delivery_info",
        "/properties/reply_to",
        "/properties/correlation_id",
        "/headers/lang",
        "/headers/shadow",
        "/headers/eta",
        "/headers/expires",
        "/headers/group",
        "/headers/group_index",
        "/headers/retries",
        "/headers/timelimit",
        "/headers/root_id",
        "/headers/parent_id",
        "/headers/argsrepr",
        "/headers/kwargsrepr",
        "/headers/origin",
        "/headers/ignore_result",
        "/headers/replaced_task_nesting",
        "/headers/stamped_headers",
        "/headers/stamps"
      })
  void fieldThatIsNotNeededMayBeMissingOrNull(String path) {
    TaskMessage missing = MessageCodec.decode(aMessage().without(path).bytes());
    TaskMessage isNull = MessageCodec.decode(aMessage().with(path, "null").bytes());

    assertThat(missing).isEqualTo(isNull);
    assertThat(missing.headers().id()).isEqualTo(Envelope.ID);
    assertThat(missing.body().args()).containsExactly(2, 3);
  }

  @Test
  void smallestMessageAPythonWorkerRunsIsRead() {
    String raw =
        """
        {"headers": {"task": "acme.add", "id": "my id"}, "content-type": "application/json",
         "properties": {"body_encoding": "base64", "delivery_tag": 1, "delivery_info": {}},
         "body": "%s"}
        """
            .formatted(Base64.getEncoder().encodeToString(utf8("[[1], {\"y\": 2}, null]")));

    TaskMessage message = MessageCodec.decode(utf8(raw));

    assertThat(message.headers().id()).isEqualTo("my id");
    assertThat(message.headers().retries()).isZero();
    assertThat(message.headers().ignoreResult()).isNull();
    assertThat(message.body()).isEqualTo(new TaskBody(List.of(1), Map.of("y", 2), Map.of()));
    assertThat(message.properties().priority()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /properties/delivery_tag  | 5
          /properties/unknown       | {"a": [1]}
          /unknown                  | [null]
          /content-encoding         | "binary"
          /content-encoding         | 5
          /headers/timelimit        | []
          /headers/timelimit        | [30]
          /headers/redelivered      | true
          /headers/meth             | "x"
          /redelivered              | true
          """)
  void whatPythonPeersTolerateIsTolerated(String path, String value) {
    TaskMessage message = MessageCodec.decode(aMessage().with(path, value).bytes());

    assertThat(message.body().args()).containsExactly(2, 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{}", "{\"callbacks\": null, \"more\": [1]}"})
  void embedMayBeMissingEmptyOrLarger(String embed) {
    TaskMessage message =
        MessageCodec.decode(aMessage().body("[[1], {}, %s]".formatted(embed)).bytes());

    assertThat(message.body().args()).containsExactly(1);
    assertThat(message.body().embed().get("callbacks")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "\"utf-8\""})
  void bodyWithoutBase64IsTheTextItself(String encoding) {
    byte[] raw =
        aMessage()
            .with("/properties/body_encoding", encoding)
            .with("/body", "\"[[\\\"\u00e9\\\"], {}, {}]\"")
            .bytes();

    assertThat(MessageCodec.decode(raw).body().args()).containsExactly("\u00e9");
  }

  @Test
  void unknownHeadersAreKeptAndProtocolHeadersAreNotAmongThem() {
    TaskHeaders headers =
        MessageCodec.decode(
                aMessage()
                    .with("/headers/redelivered", "true")
                    .with("/headers/x-trace", "{\"id\": [1, null]}")
                    .bytes())
            .headers();

    assertThat(headers.custom()).isEqualTo(Map.of("x-trace", Map.of("id", Arrays.asList(1, null))));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-21T23:03:43Z, 2026-11-21T23:03:43Z",
    "2026-11-21T23:03:43, 2026-11-21T23:03:43Z",
    "2026-11-21T23:03:43+02:00, 2026-11-21T21:03:43Z",
    "2026-11-21T23:03:43+0200, 2026-11-21T21:03:43Z",
    "2026-11-21T23:03:43-05:30, 2026-11-22T04:33:43Z",
    "2026-11-21T23:03:43.614Z, 2026-11-21T23:03:43.614Z",
    "2026-11-21T23:03:43.614765+00:00, 2026-11-21T23:03:43.614765Z",
    "2026-11-21T23:03:43.614765123, 2026-11-21T23:03:43.614765123Z",
    "2026-11-21T23:03:43.614765123+0200, 2026-11-21T21:03:43.614765123Z",
    "2026-11-21 23:03:43+00:00, 2026-11-21T23:03:43Z",
  })
  void timeIsReadInEveryFormAPeerMayWrite(String written, String expected) {
    byte[] raw =
        aMessage()
            .with("/headers/eta", '"' + written + '"')
            .with("/headers/expires", '"' + written + '"')
            .bytes();

    TaskHeaders headers = MessageCodec.decode(raw).headers();

    assertThat(headers.eta()).isEqualTo(OffsetDateTime.parse(expected));
    assertThat(headers.expires()).isEqualTo(OffsetDateTime.parse(expected));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "9, 9",
    "3, 3",
    "255, 9",
    "-1, 0",
    "7.9, 7",
    "1e30, 9",
    "NaN, 0",
    "4294967301, 9",
    "99999999999999999999, 9",
    "\"7\", 7",
    "\"x\", 0",
    "null, 0",
    "[], 0"
  })
  void priorityIsReadAsKombuReadsIt(String written, int expected) {
    byte[] raw = aMessage().with("/properties/priority", "5").bytes();
    byte[] changed = utf8(Fixtures.text(raw).replace("\"priority\":5", "\"priority\":" + written));

    assertThat(MessageCodec.priority(changed)).isEqualTo(expected);
    assertThat(MessageCodec.decode(changed).properties().priority()).isEqualTo(expected);
  }

  @Test
  void priorityOfWhatCannotBeReadIsZero() {
    assertThat(MessageCodec.priority(utf8("no JSON"))).isZero();
    assertThat(MessageCodec.priority(utf8("[1]"))).isZero();
    assertThat(MessageCodec.priority(utf8("{\"properties\": 5}"))).isZero();
  }

  @Test
  void redeliveredMarkIsRead() {
    byte[] raw = aMessage().bytes();

    assertThat(MessageCodec.decode(raw).properties().redelivered()).isFalse();
    assertThat(MessageCodec.decode(Redelivery.mark(raw)).properties().redelivered()).isTrue();
  }

  @Test
  void argumentWithoutAFormInJsonIsRefusedBeforeAnythingIsSent() {
    TaskMessage message = MessageCodec.decode(aMessage().bytes());
    TaskMessage impossible =
        new TaskMessage(
            message.headers(),
            new TaskBody(List.of(Map.of("__type__", "evil", "__value__", 1)), Map.of(), Map.of()),
            message.properties());

    assertThatThrownBy(() -> MessageCodec.encode(impossible, "tag"))
        .isInstanceOf(EncodingException.class);
  }

  @Test
  void randomDamageToTheBytesNeverThrowsAnythingButMalformed() {
    Random random = new Random(57);
    List<byte[]> messages =
        Fixtures.names(Fixtures.CELERY_57 + "messages")
            .map(name -> Fixtures.bytes(Fixtures.CELERY_57 + "messages/" + name + ".json"))
            .filter(raw -> raw.length < 4000)
            .toList();

    for (int i = 0; i < 4000; i++) {
      readEveryWay(damaged(messages.get(random.nextInt(messages.size())), random));
    }
  }

  private static byte[] damaged(byte[] raw, Random random) {
    StringBuilder text = new StringBuilder(new String(raw, StandardCharsets.ISO_8859_1));
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      int at = random.nextInt(text.length());
      int end = Math.min(text.length(), at + 1 + random.nextInt(12));
      switch (random.nextInt(5)) {
        case 0 -> text.setCharAt(at, (char) random.nextInt(256));
        case 1 -> text.delete(at, end);
        case 2 -> text.insert(at, "{}[]\",:\\u0-9etnN".charAt(random.nextInt(16)));
        case 3 -> text.insert(at, text.substring(at, end));
        default -> text.setCharAt(at, text.charAt(random.nextInt(text.length())));
      }
    }
    return text.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void randomValuesInAnyPlaceNeverThrowAnythingButMalformed() {
    Random random = new Random(75);

    for (int i = 0; i < 4000; i++) {
      ObjectNode root = (ObjectNode) tree(aMessage().bytes());
      if (random.nextInt(3) == 0) {
        JsonNode body = tree("[[1, {\"a\": [2]}], {\"k\": 1}, {\"chain\": [], \"chord\": null}]");
        replace(body, random);
        root.put("body", Base64.getEncoder().encodeToString(utf8(body.toString())));
      } else {
        replace(root, random);
      }
      readEveryWay(utf8(root.toString()));
    }
  }

  private static void replace(JsonNode parent, Random random) {
    int at = random.nextInt(parent.size());
    String name = parent instanceof ObjectNode ? List.copyOf(parent.propertyNames()).get(at) : "";
    JsonNode child = parent instanceof ObjectNode ? parent.get(name) : parent.get(at);
    if (child.isContainer() && !child.isEmpty() && random.nextBoolean()) {
      replace(child, random);
    } else if (parent instanceof ObjectNode object) {
      object.set(name, tree(anyValue(random)));
    } else {
      ((ArrayNode) parent).set(at, tree(anyValue(random)));
    }
  }

  private static String anyValue(Random random) {
    List<String> values =
        List.of(
            "null",
            "true",
            "0",
            "-1",
            "1e400",
            "NaN",
            "9".repeat(400),
            "\"\"",
            "\"x\"",
            "\"\\ud800\"",
            "\"2026-01-01T00:00:00Z\"",
            "\"+999999999-12-31T23:59:59.999999999+18:00\"",
            "[]",
            "[1, \"a\"]",
            "[null, null, {}]",
            "{}",
            "{\"a\": null}",
            "{\"__type__\": \"datetime\", \"__value__\": \"2026-01-01T00:00:00\"}",
            "{\"__type__\": \"datetime\", \"__value__\": \"never\"}",
            "{\"__type__\": \"uuid\", \"__value__\": {\"hex\": 5}}",
            "{\"__type__\": \"decimal\", \"__value__\": \"1E+99999999999\"}",
            "{\"__type__\": \"base64\", \"__value__\": \"*\"}",
            "{\"__type__\": \"unheard of\", \"__value__\": []}",
            "{\"__type__\": [], \"__value__\": {}}");
    return values.get(random.nextInt(values.size()));
  }

  /** Everything that is done with a fetched message before and after it is run. */
  private static void readEveryWay(byte[] raw) {
    byte[] marked = Redelivery.mark(raw);
    assertThat(MessageCodec.priority(marked)).isBetween(0, 9);
    try {
      assertThat(UnackedEntry.parse(UnackedEntry.of(raw, "q")).routingKey()).isEqualTo("q");
    } catch (MalformedMessageException expected) {
      assertThat(expected).hasMessageStartingWith("not an unacked entry");
    }
    try {
      TaskMessage message = MessageCodec.decode(raw);
      assertThat(MessageCodec.encode(message, "tag")).isNotEmpty();
    } catch (MalformedMessageException expected) {
      assertThat(expected).hasMessageMatching("(?s)(message|headers).*");
    } catch (EncodingException unknownMark) {
      assertThat(unknownMark).hasMessageContaining("__type__");
    }
  }
}
