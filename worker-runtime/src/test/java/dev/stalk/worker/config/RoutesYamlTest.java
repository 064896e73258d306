package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutesYamlTest {
  private static WorkerConfig load(String routes) {
    return WorkerYaml.parse("w", "queues: { celery: {} }\nroutes: " + routes + "\n", Map.of());
  }

  private static SendOptions routed(WorkerConfig config, String task) {
    RoutingConfig routing = config.broker().routing();
    return Objects.requireNonNullElse(
        routing.routes().get(0).route(TaskSignature.of(task)), SendOptions.DEFAULT);
  }

  @Test
  void tasksAreRoutedByNameByGlobAndByExpressionInTheirOrder() {
    WorkerConfig config =
        load(
            """

              shop.*: { queue: shop, priority: 6, expires: 1h, serializer: msgpack }
              shop.charge: { queue: payments, compression: gzip }
              /(video|audio)\\./: { queue: media }
              "*": { exchange: orders, exchange-type: topic, routing-key: eu.paid }
            """);

    assertThat(routed(config, "shop.mail"))
        .isEqualTo(
            SendOptions.builder()
                .queue("shop")
                .priority(6)
                .expiresAfter(Duration.ofHours(1))
                .serializer("msgpack")
                .build());
    assertThat(routed(config, "shop.charge"))
        .isEqualTo(SendOptions.builder().queue("payments").compression("gzip").build());
    assertThat(routed(config, "audio.cut").queue()).isEqualTo("media");
    assertThat(routed(config, "other").route()).isEqualTo(Route.topic("orders", "eu.paid"));
  }

  @Test
  void theSameRoutesReadTwiceAreEqual() {
    String routes = "{ /a.*b/: { queue: x }, 'c*': { queue: y }, d: { priority: 3 } }";

    assertThat(load(routes)).isEqualTo(load(routes));
  }

  @Test
  void withoutRoutesEverythingIsAsUsual() {
    assertThat(load("").broker().routing()).isEqualTo(RoutingConfig.DEFAULT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{ a: { priority: 10 } }; routes.a.priority: must be between 0 and 9",
        "{ a: { serializer: pickle } }; routes.a.serializer: ",
        "{ a: { compression: rar } }; routes.a.compression: ",
        "{ a: { exchange: x } }; routes.a.exchange: exchange and routing-key are only good together",
        "{ a: { queue: q, exchange: x, routing-key: k } }; not to both",
        "{ a: { exchange: x, routing-key: k, exchange-type: headers } }; must be direct, topic or fanout",
        "{ /(/: { queue: q } }; is no regular expression",
        "{ a: { priorty: 1 } }; routes.a.priorty: unknown key",
        "{ a: { queue: '' } }; must not be blank"
      })
  void whatIsWrongIsRefusedAtItsPlace(String routes, String complaint) {
    assertThatThrownBy(() -> load(routes))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(complaint.strip());
  }
}
