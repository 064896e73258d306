package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.bytes;
import static dev.stalk.broker.codec.Fixtures.text;
import static dev.stalk.broker.codec.Fixtures.tree;
import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class RedeliveryTest {

  @ParameterizedTest
  @ValueSource(strings = {Fixtures.CELERY_52, Fixtures.CELERY_57})
  void markedMessageIsByteForByteWhatKombuRestores(String version) {
    byte[] published = bytes(version + "held/published.json");

    assertThat(text(Redelivery.mark(published)))
        .isEqualTo(text(bytes(version + "held/restored.json")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"headers": {}, "properties": {"delivery_info": {}}}                                       | {"headers": {"redelivered": true}, "properties": {"delivery_info": {"redelivered": true}}}
          {"headers": {"a": 1}, "properties": {"delivery_info": {"b": 2}}}                           | {"headers": {"a": 1, "redelivered": true}, "properties": {"delivery_info": {"b": 2, "redelivered": true}}}
          {"properties":{"delivery_info":{"b":2},"p":1},"headers":{"a":[1]}}                         | {"properties":{"delivery_info":{"b":2, "redelivered": true},"p":1},"headers":{"a":[1], "redelivered": true}}
          {"headers":{"redelivered":false},"properties":{"delivery_info":{"redelivered":null}}}      | {"headers":{"redelivered":true},"properties":{"delivery_info":{"redelivered":true}}}
          {"headers":{"redelivered":null,"a":1},"properties":{"delivery_info":{"redelivered":false,"a":1}}} | {"headers":{"redelivered":true,"a":1},"properties":{"delivery_info":{"redelivered":true,"a":1}}}
          {"headers":{"redelivered": true},"properties":{"delivery_info":{"redelivered" :true}}}     | {"headers":{"redelivered": true},"properties":{"delivery_info":{"redelivered" :true}}}
          {"headers":{"redelivered":0},"properties":{"delivery_info":{"redelivered":"no"}}}          | {"headers":{"redelivered":true},"properties":{"delivery_info":{"redelivered":true}}}
          {"headers":{"redelivered":-1.5e3 ,"a":1},"properties":{"delivery_info":{"redelivered":{"a":[1]}}}} | {"headers":{"redelivered":true ,"a":1},"properties":{"delivery_info":{"redelivered":true}}}
          { "headers" : { } , "properties" : { "delivery_info" : { "a" : 1 } } }                     | { "headers" : { "redelivered": true} , "properties" : { "delivery_info" : { "a" : 1 , "redelivered": true} } }
          {"headers":{"h":{"redelivered":false},"s":"{\\"redelivered\\": false}"},"redelivered":false} | {"headers":{"h":{"redelivered":false},"s":"{\\"redelivered\\": false}", "redelivered": true},"redelivered":false}
          {"body":"}{[","headers":{"a":"}"},"x":{"headers":{},"properties":{"delivery_info":{}}}}    | {"body":"}{[","headers":{"a":"}", "redelivered": true},"x":{"headers":{},"properties":{"delivery_info":{}}}}
          {"properties":{"redelivered":false,"delivery_info":{"headers":{}},"headers":{"a":1}}}      | {"properties":{"redelivered":false,"delivery_info":{"headers":{}, "redelivered": true},"headers":{"a":1}}}
          {"headers":{"\\u0072edelivered":false}}                                                    | {"headers":{"\\u0072edelivered":true}}
          {"k\u00e9y\u65e5":"\ud83d\ude00","headers":{"\u00e9":"\u00e9"}}                            | {"k\u00e9y\u65e5":"\ud83d\ude00","headers":{"\u00e9":"\u00e9", "redelivered": true}}
          {"headers":{"n":NaN,"big":123456789012345678901234567890}}                                 | {"headers":{"n":NaN,"big":123456789012345678901234567890, "redelivered": true}}
          """)
  void onlyTheMarksAreChanged(String raw, String marked) {
    assertThat(text(Redelivery.mark(utf8(raw)))).isEqualTo(marked);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no JSON",
        "[]",
        "[{\"headers\": {}}]",
        "5",
        "{}",
        "{\"headers\": null, \"properties\": null}",
        "{\"headers\": [], \"properties\": {\"delivery_info\": []}}",
        "{\"headers\": {",
        "{\"headers\": {}, \"properties\": {\"delivery_info\": {}"
      })
  void whatIsNoEnvelopeStaysAsItIs(String raw) {
    assertThat(text(Redelivery.mark(utf8(raw)))).isEqualTo(raw);
  }

  @Test
  void textThatIsNotUtf8StaysAsItIs() {
    byte[] bytes = "{\"headers\": {}}".getBytes(StandardCharsets.UTF_16LE);

    assertThat(Redelivery.mark(bytes)).isSameAs(bytes);
  }

  private static Stream<String> messages() {
    return Stream.of(Fixtures.CELERY_52, Fixtures.CELERY_57)
        .map(version -> version + "messages")
        .flatMap(folder -> Fixtures.names(folder).map(name -> folder + "/" + name + ".json"));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void markedMessageIsTheOriginalPlusTheMarks(String file) {
    ObjectNode expected = (ObjectNode) tree(bytes(file));
    expected.withObject("headers").put("redelivered", true);
    expected.withObject("properties").withObject("delivery_info").put("redelivered", true);

    byte[] marked = Redelivery.mark(bytes(file));

    assertThat(tree(marked)).isEqualTo(expected);
    assertThat(Redelivery.mark(marked)).isEqualTo(marked);
  }
}
