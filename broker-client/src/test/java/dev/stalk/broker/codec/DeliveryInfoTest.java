package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryInfoTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\": 1, \"properties\": {\"delivery_info\": {\"routing_key\": \"q\"}, \"b\": 2}, \"c\": 3}"
            + " | {\"a\": 1, \"properties\": {\"delivery_info\": NEW, \"b\": 2}, \"c\": 3}",
        "{\"properties\": {\"delivery_info\": null}} | {\"properties\": {\"delivery_info\": NEW}}",
        "{\"properties\": {\"delivery_info\": 12}} | {\"properties\": {\"delivery_info\": NEW}}",
        "{\"properties\": {\"b\": 2}} | {\"properties\": {\"b\": 2, \"delivery_info\": NEW}}",
        "{\"properties\": {}} | {\"properties\": {\"delivery_info\": NEW}}",
        "{\"headers\": {\"properties\": {}}} | {\"headers\": {\"properties\": {}}}",
        "not JSON | not JSON",
        "[1] | [1]",
      })
  void onlyTheAddressChanges(String before, String after) {
    byte[] changed = DeliveryInfo.readdress(before.getBytes(StandardCharsets.UTF_8), "ż");

    assertThat(new String(changed, StandardCharsets.UTF_8))
        .isEqualTo(after.replace("NEW", "{\"exchange\": \"\", \"routing_key\": \"\\u017c\"}"));
  }
}
