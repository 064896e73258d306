package dev.stalk.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.security.MessageSecurity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessageFactoryTest {
  private static final Instant NOW = Instant.parse("2026-11-21T23:03:43.614Z");
  private static final TaskSignature CALL = TaskSignature.of("shop.charge", "o-1");

  private final MessageFactory messages = factory(RoutingConfig.DEFAULT);

  private static MessageFactory factory(RoutingConfig routing) {
    return new MessageFactory(
        BrokerConfig.builder().routing(routing).build(), Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private TaskMessage message(SendOptions.Builder options) {
    return messages.message(CALL.with(options.build()));
  }

  @Test
  void everyMessageSaysWhenItWasSentInSecondsAsPythonCountsThem() {
    assertThat(messages.message(CALL).headers().custom())
        .containsExactly(entry("stalk_sent_at", 1795302223.614));
  }

  @Test
  void aTimeOfSendingThatTheCallerSetStays() {
    assertThat(messages.message(CALL.withHeader("stalk_sent_at", 5)).headers().custom())
        .containsExactly(entry("stalk_sent_at", 5));
  }

  @Test
  void aCountdownOfNothingSendsNoEta() {
    assertThat(message(SendOptions.builder().countdown(Duration.ZERO)).headers().eta()).isNull();
    assertThat(message(SendOptions.builder().countdown(Duration.ofSeconds(10))).headers().eta())
        .isEqualTo(NOW.plusSeconds(10).atOffset(ZoneOffset.UTC));
  }

  @Test
  void anExpiryCountsFromTheMomentOfSending() {
    TaskMessage message = messages.message(CALL.expiringAfter(Duration.ofSeconds(60)));
    TaskMessage late = messages.message(CALL.expiringAfter(Duration.ofSeconds(-1)));

    assertThat(message.headers().expires()).isEqualTo(NOW.plusSeconds(60).atOffset(ZoneOffset.UTC));
    assertThat(message.properties().expiration()).isEqualTo("60000");
    assertThat(late.properties().expiration()).isEqualTo("0");
  }

  @Test
  void timesThatPythonCannotCountAreRefused() {
    Duration forever = Duration.ofSeconds(Long.MAX_VALUE);

    for (SendOptions.Builder wrong :
        List.of(
            SendOptions.builder().eta(Instant.parse("0001-01-01T12:00:00Z")),
            SendOptions.builder().expires(Instant.parse("9999-12-31T12:00:00Z")),
            SendOptions.builder().countdown(forever),
            SendOptions.builder().expiresAfter(forever),
            SendOptions.builder().link(TaskSignature.of("next").notBefore(Instant.MAX)))) {
      assertThatThrownBy(() -> message(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void whatTheCallerSaysOfHisArgumentsIsShownInTheirPlace() {
    TaskMessage message =
        message(SendOptions.builder().argsRepr("('***',)").kwargsRepr("{}").replyTo("me"));

    assertThat(message.headers().argsRepr()).isEqualTo("('***',)");
    assertThat(message.body().args()).containsExactly("o-1");
    assertThat(message.properties().replyTo()).isEqualTo("me");
  }

  @Test
  void everyStampIsNamedAmongTheStampedHeaders() {
    TaskMessage message =
        messages.message(CALL.withStamp("tenant", "t1").withStamp("run", List.of(1, 2)));

    assertThat(message.headers().stampedHeaders()).containsExactly("tenant", "run");
    assertThat(message.headers().stamps())
        .containsExactly(entry("tenant", "t1"), entry("run", List.of(1, 2)));
    assertThat(messages.message(CALL).headers().stampedHeaders()).isNull();
  }

  @Test
  void callbacksAreWrittenAsCelerysSignatures() {
    TaskSignature callback =
        TaskSignature.of("next", 1)
            .kwarg("k", null)
            .withCountdown(Duration.ofMillis(1500))
            .expiringAfter(Duration.ofSeconds(60))
            .withPriority(3)
            .on("q")
            .withStamp("tenant", "t1")
            .link(TaskSignature.of("last").asImmutable());

    Map<String, Object> embed =
        messages.message(CALL.link(callback).linkError(TaskSignature.of("oops"))).body().embed();

    assertThat(embed.keySet()).containsExactly("callbacks", "errbacks", "chain", "chord");
    Map<?, ?> first = (Map<?, ?>) ((List<?>) embed.get("callbacks")).get(0);
    assertThat(first.keySet().toString())
        .isEqualTo("[task, args, kwargs, options, subtask_type, immutable]");
    assertThat(first.get("immutable")).isEqualTo(false);
    assertThat(first.get("options").toString())
        .isEqualTo(
            "{queue=q, priority=3, countdown=1.5, expires=60, link=[{task=last, args=[], kwargs={},"
                + " options={}, subtask_type=null, immutable=true}], stamped_headers=[tenant],"
                + " tenant=t1}");
    assertThat(embed.get("errbacks").toString())
        .isEqualTo(
            "[{task=oops, args=[], kwargs={}, options={}, subtask_type=null, immutable=false}]");
  }

  @Test
  void aCallbacksRetryTimesAndExchangeAreWrittenAsCeleryNamesThem() {
    SendOptions options =
        SendOptions.builder()
            .retry(PublishRetry.upTo(5).withIntervals(Duration.ofMillis(100), null, null))
            .eta(NOW)
            .timeLimit(Duration.ofSeconds(9))
            .route(Route.topic("orders", "eu.paid"))
            .build();
    TaskSignature callback = TaskSignature.of("next").with(options);

    Object written =
        ((List<?>) messages.message(CALL.link(callback)).body().embed().get("callbacks")).get(0);

    assertThat(((Map<?, ?>) written).get("options").toString())
        .isEqualTo(
            "{exchange=orders, routing_key=eu.paid, exchange_type=topic,"
                + " eta=2026-11-21T23:03:43.614000+00:00, time_limit=9, retry=true,"
                + " retry_policy={max_retries=5, interval_start=0.1}}");
  }

  @Test
  void howOftenAPublishIsTriedTravelsWithTheMessageButNotInIt() {
    assertThat(messages.message(CALL.withRetry(PublishRetry.NEVER)).properties().retry())
        .isEqualTo(PublishRetry.NEVER);
    assertThat(messages.message(CALL).properties().retry()).isEqualTo(PublishRetry.AS_CONFIGURED);
  }

  @Test
  void aFollowUpIsRoutedAsEveryOtherCall() {
    MessageFactory routed =
        factory(
            RoutingConfig.builder()
                .route(
                    RouteMap.builder()
                        .route("next", SendOptions.builder().queue("r").priority(6).build())
                        .build())
                .build());
    TaskMessage parent = messages.message(CALL);

    TaskMessage next = routed.followUp(parent, "next", List.of(), Map.of(), Map.of(), NOW);
    TaskMessage own =
        routed.followUp(parent, "next", List.of(), Map.of(), Map.of("queue", "own"), NOW);
    TaskMessage exchanged =
        routed.followUp(
            parent,
            "next",
            List.of(),
            Map.of(),
            Map.of("exchange", "x", "routing_key", "k", "exchange_type", "topic"),
            NOW);

    assertThat(next.properties().route()).isEqualTo(Route.toQueue("r"));
    assertThat(next.properties().priority()).isEqualTo(6);
    assertThat(own.properties().route()).isEqualTo(Route.toQueue("own"));
    assertThat(exchanged.properties().route()).isEqualTo(Route.topic("x", "k"));
    assertThat(next.headers().custom()).containsKey("stalk_sent_at");
  }

  @Test
  void aFollowUpUnderstandsTimesOfEveryForm() {
    TaskMessage parent = messages.message(CALL);
    OffsetDateTime time = OffsetDateTime.parse("2027-01-01T00:00:00+02:00");

    for (Object eta :
        List.of(
            time,
            time.toInstant().atOffset(ZoneOffset.UTC).toLocalDateTime(),
            "2027-01-01T00:00:00+02:00")) {
      assertThat(
              messages
                  .followUp(parent, "n", List.of(), Map.of(), Map.of("eta", eta), NOW)
                  .headers()
                  .eta())
          .isEqualTo(time.withOffsetSameInstant(ZoneOffset.UTC));
    }
  }

  @Test
  void whatFollowsIsSignedWhereItsSignatureSaysSoAndThereIsAKey() {
    Path keys = Path.of("src", "test", "resources", "security");
    MessageSecurity security =
        MessageSecurity.builder()
            .key(keys.resolve("signer1.key").toString())
            .certificate(keys.resolve("store/signer1.pem").toString())
            .load();
    BrokerConfig config =
        BrokerConfig.builder().content(ContentConfig.builder().security(security).build()).build();
    MessageFactory signing = new MessageFactory(config, Clock.fixed(NOW, ZoneOffset.UTC));
    TaskMessage parent = messages.message(CALL);
    Map<String, Object> options = Map.of("serializer", "auth");

    TaskMessage signed = signing.followUp(parent, "n", List.of(), Map.of(), options, NOW);
    TaskMessage plain = messages.followUp(parent, "n", List.of(), Map.of(), options, NOW);

    assertThat(new String(signing.publication(signed).message(), StandardCharsets.UTF_8))
        .contains("\"content-type\": \"application/data\"");
    assertThat(plain.properties().serializer()).isNull();
  }

  @Test
  void theNextAttemptHasItsOwnArgumentsAndTimeOfSending() {
    TaskMessage first = messages.message(CALL.kwarg("k", 1).withHeader("stalk_sent_at", 5));

    TaskMessage next = messages.nextAttempt(first, "q", List.of("o-2"), null, null, NOW);

    assertThat(next.headers().argsRepr()).isEqualTo("('o-2',)");
    assertThat(next.headers().kwargsRepr()).isEqualTo("{'k': 1}");
    assertThat(next.headers().retries()).isOne();
    assertThat(next.headers().custom()).containsEntry("stalk_sent_at", 1795302223.614);
    assertThat(next.body().args()).containsExactly("o-2");
    assertThat(next.body().kwargs()).containsEntry("k", 1);
    assertThat(next.properties().route()).isEqualTo(Route.toQueue("q"));
  }
}
