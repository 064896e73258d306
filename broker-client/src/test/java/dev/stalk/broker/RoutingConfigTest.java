package dev.stalk.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RoutingConfigTest {
  private static final TaskSignature CALL = TaskSignature.of("shop.charge", 5);

  private static Route destination(RoutingConfig routing, TaskSignature call) {
    return routing.destination(routing.options(call), "celery");
  }

  @Test
  void whatSaysNothingGoesToTheDefaultQueue() {
    assertThat(destination(RoutingConfig.DEFAULT, CALL)).isEqualTo(Route.toQueue("celery"));
  }

  @Test
  void theFirstRouterThatHasAnAnswerDecides() {
    RoutingConfig routing =
        RoutingConfig.builder()
            .route(call -> null)
            .route(call -> call.args().contains(5) ? SendOptions.onQueue("fives") : null)
            .route(RouteMap.builder().route("shop.*", SendOptions.onQueue("shop")).build())
            .build();

    assertThat(destination(routing, CALL)).isEqualTo(Route.toQueue("fives"));
    assertThat(destination(routing, TaskSignature.of("shop.mail")))
        .isEqualTo(Route.toQueue("shop"));
  }

  @Test
  void theCallGoesBeforeTheAnnotationAndThatBeforeTheRoute() {
    RoutingConfig routing =
        RoutingConfig.builder()
            .annotate("shop.charge", SendOptions.builder().priority(3).shadow("a").build())
            .annotate("*", SendOptions.builder().priority(4).serializer("msgpack").build())
            .route(
                call ->
                    SendOptions.builder()
                        .queue("shop")
                        .priority(9)
                        .shadow("r")
                        .compression("gzip")
                        .expiresAfter(Duration.ofMinutes(1))
                        .build())
            .build();

    SendOptions known = routing.options(CALL.on("own"));

    assertThat(known.queue()).isEqualTo("own");
    assertThat(known.priority()).isEqualTo(3);
    assertThat(known.shadow()).isEqualTo("a");
    assertThat(known.serializer()).isEqualTo("msgpack");
    assertThat(known.compression()).isEqualTo("gzip");
    assertThat(known.expiresAfter()).isEqualTo(Duration.ofMinutes(1));
    assertThat(routing.options(CALL.withPriority(0)).priority()).isZero();
  }

  @Test
  void aCallsExchangeLeavesNothingOfTheRoutesQueue() {
    RoutingConfig routing =
        RoutingConfig.builder().route(call -> SendOptions.onQueue("shop")).build();

    assertThat(destination(routing, CALL.to(Route.topic("orders", "eu.paid"))))
        .isEqualTo(Route.topic("orders", "eu.paid"));
  }

  @Test
  void aQueueBoundToATopicExchangeIsSentToThroughIt() {
    RoutingConfig routing =
        RoutingConfig.builder()
            .queue(QueueDeclaration.of("celery").boundBy(Route.topic("tasks", "task.#")))
            .queue(QueueDeclaration.of("plain").boundBy(Route.direct("x", "y")))
            .build();

    assertThat(destination(routing, CALL)).isEqualTo(Route.topic("tasks", "task.#"));
    assertThat(destination(routing, CALL.on("plain"))).isEqualTo(Route.toQueue("plain"));
    assertThat(destination(routing, CALL.on("other"))).isEqualTo(Route.toQueue("other"));
  }

  @Test
  void anUnknownQueueIsRefusedWhereMissingOnesAreNotCreated() {
    RoutingConfig routing =
        RoutingConfig.builder()
            .queue(QueueDeclaration.of("known"))
            .createMissingQueues(false)
            .build();

    assertThat(destination(routing, CALL.on("known"))).isEqualTo(Route.toQueue("known"));
    assertThatThrownBy(() -> destination(routing, CALL.on("unknown")))
        .isInstanceOfSatisfying(
            QueueNotFoundException.class, e -> assertThat(e.queue()).isEqualTo("unknown"))
        .hasMessageContaining("'unknown'")
        .hasMessageContaining("[known]");
    assertThatThrownBy(() -> destination(routing, CALL)).hasMessageContaining("'celery'");
  }

  @Test
  void theDefaultQueueIsKnownWhereNoneIsDeclared() {
    RoutingConfig routing = RoutingConfig.builder().createMissingQueues(false).build();

    assertThat(destination(routing, CALL)).isEqualTo(Route.toQueue("celery"));
    assertThatThrownBy(() -> destination(routing, CALL.on("other")))
        .isInstanceOf(QueueNotFoundException.class);
  }
}
