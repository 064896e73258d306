package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerRefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The rules on the page about security are enough, and what is taken from them is missed. */
class LeastRightsIT {
  private static final Pattern RULE = Pattern.compile("(?m)^ACL SETUSER (\\w+) on .*$");

  /** A user with exactly the rights of the page; his address. */
  private static String user(Interop peers, String name) throws Exception {
    String page = Files.readString(Path.of("..", "docs", "security.md"));
    List<String> rules =
        RULE.matcher(page)
            .results()
            .map(rule -> rule.group())
            .filter(r -> r.contains(" " + name + " "))
            .toList();
    assertThat(rules).as("rules for " + name).hasSize(1);
    peers.redis().command(rules.get(0).replace(">PASSWORD", ">pw").split(" "));
    return peers.redis().url().replace("redis://", "redis://" + name + ":pw@");
  }

  private static BrokerConfig config(Interop peers, String url) {
    return peers.config().url(url).defaultQueue("celery").lease(Duration.ofSeconds(1)).build();
  }

  @Test
  void aProducerAndAWorkerNeedNoMore() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client(config(peers, user(peers, "producer")));
      BrokerConfig worker = config(peers, user(peers, "worker"));
      peers.javaWorker(worker, 2, "celery");

      for (int i = 0; i < 10; i++) {
        assertThat(
                client
                    .send(TaskSignature.of("java.add", i, 1).withPriority(i))
                    .get(Long.class, Interop.PATIENCE))
            .isEqualTo(i + 1);
      }
      AsyncResult parked =
          client.send(TaskSignature.of("java.add", 2, 2).notBefore(Instant.now().plusSeconds(2)));
      AsyncResult failing = client.send(TaskSignature.of("java.fail", "no"));
      AsyncResult unknown = client.send(TaskSignature.of("java.unheard-of"));
      assertThat(parked.get(Long.class, Interop.PATIENCE)).isEqualTo(4);
      assertThat(failing.await(Interop.PATIENCE).state().isFailed()).isTrue();
      assertThat(unknown.await(Interop.PATIENCE).state().isFailed()).isTrue();
      Interop.await(
          "wake-ups were allowed",
          () ->
              String.valueOf(peers.redis().command("INFO", "clients"))
                  .matches("(?s).*tracking_clients:[1-9].*"));
      // a lease is renewed and swept for meanwhile
      assertThat(
              client
                  .send(TaskSignature.of("interop.mark", "log", "long", 3.0))
                  .get(String.class, Interop.PATIENCE))
          .isEqualTo("long");
      assertThat(peers.number("HLEN", "unacked")).isZero();
      assertThat(denied(peers)).isEmpty();
    }
  }

  /** What Redis has refused any user, if it did. */
  private static List<?> denied(Interop peers) {
    return (List<?>) peers.redis().command("ACL", "LOG");
  }

  @Test
  void aRightThatIsMissingIsNamed() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client(config(peers, user(peers, "producer")));
      client.send(TaskSignature.of("nobody"));

      assertThatThrownBy(() -> client.send(TaskSignature.of("nobody").on("elsewhere")))
          .isInstanceOf(BrokerRefusedException.class)
          .hasMessageContaining("NOPERM")
          .hasMessageContaining("key")
          .hasMessageContaining("docs/security.md");
      peers.redis().command("ACL", "SETUSER", "producer", "-lpush");
      assertThatThrownBy(() -> client.send(TaskSignature.of("nobody")))
          .isInstanceOf(BrokerRefusedException.class)
          .hasMessageContaining("'lpush' command")
          .hasMessageContaining("Give the user this right");
      assertThatThrownBy(() -> client.purge("celery"))
          .isInstanceOf(BrokerRefusedException.class)
          .hasMessageContaining("NOPERM");
    }
  }
}
