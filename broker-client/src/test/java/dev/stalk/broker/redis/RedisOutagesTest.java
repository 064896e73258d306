package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

class RedisOutagesTest {
  private static final RedisUrl URL = RedisUrl.parse("redis://host/0");

  private final AtomicLong now = new AtomicLong();
  private final List<String> lines = new ArrayList<>();
  private final RedisOutages outages = new RedisOutages("redis://host/0", now::get, lines::add);
  private final RedisOutages.Part line = outages.persistent();
  private final RedisOutages.Part other = outages.persistent();
  private final RedisOutages.Part pool = outages.occasional();

  private static BrokerException cut() {
    return RedisErrors.translate(new JedisConnectionException("Unexpected end of stream."), URL);
  }

  private static BrokerException refused() {
    return RedisErrors.translate(
        new RedisConnection.NotConnectedException(
            new JedisConnectionException("Connection refused")),
        URL);
  }

  private static BrokerException reply(String text) {
    return RedisErrors.translate(new JedisDataException(text), URL);
  }

  private void fail(RedisOutages.Part part, RuntimeException error) {
    part.failed(error, part.start());
  }

  private void seconds(long seconds) {
    now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  @Test
  void anOutageIsTwoLinesHoweverManyNotice() {
    fail(line, refused());
    seconds(3);
    fail(other, refused());
    fail(pool, refused());
    fail(line, refused());
    seconds(4);
    line.passed();
    other.passed();

    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).startsWith("outage: cannot reach Redis at redis://host:6379/0");
    assertThat(lines.get(1)).isEqualTo("outage over: redis://host/0 is back after PT7S");
  }

  @Test
  void aConnectionThatWasCutAndMadeAgainIsNoOutage() {
    fail(line, cut());
    line.passed();
    fail(line, cut());
    line.passed();

    assertThat(lines).isEmpty();
  }

  @Test
  void aSecondFailureInARowIsOneAndCountsFromTheFirst() {
    fail(line, cut());
    seconds(1);
    fail(line, cut());
    seconds(1);
    line.passed();

    assertThat(lines).hasSize(2);
    assertThat(lines.get(1)).endsWith("PT2S");
  }

  @Test
  void itIsNotOverWhileSomebodyStillWaits() {
    fail(line, refused());
    fail(other, refused());

    line.passed();

    assertThat(lines).hasSize(1);
  }

  @Test
  void whoGivesUpDoesNotSayThatTheServerIsBack() {
    fail(line, refused());
    fail(other, refused());

    line.gaveUp();
    other.gaveUp();

    assertThat(lines).hasSize(1);
  }

  @Test
  void whoGivesUpIsNotWaitedFor() {
    fail(line, refused());
    fail(other, refused());

    other.passed();
    line.gaveUp();

    assertThat(lines).hasSize(2);
  }

  @Test
  void anOutageThatEverybodyGaveUpIsStillTheSameForWhoComesLater() {
    fail(line, refused());
    line.gaveUp();

    fail(pool, refused());
    pool.passed();

    assertThat(lines).hasSize(2);
  }

  @Test
  void aFailureThatComesLateBeginsNoNewOne() {
    fail(line, refused());
    long started = other.start();
    seconds(1);
    line.passed();

    other.failed(refused(), started);

    assertThat(lines).hasSize(2);
  }

  @Test
  void aReplicaIsAnOutageForALineAndNoneForThePool() {
    fail(pool, reply("READONLY You can't write against a read only replica."));
    assertThat(lines).isEmpty();

    fail(line, reply("READONLY You can't write against a read only replica."));
    assertThat(lines).hasSize(1);
  }

  @Test
  void aServerThatLoadsIsAnOutageForAll() {
    fail(pool, reply("LOADING Redis is loading the dataset in memory"));

    assertThat(lines).hasSize(1);
  }

  @Test
  void aFullOrRefusingServerIsTheCallersMatter() {
    fail(line, new BrokerFullException("full", null));
    fail(line, reply("NOPERM this user has no permissions"));

    assertThat(lines).isEmpty();
  }
}
