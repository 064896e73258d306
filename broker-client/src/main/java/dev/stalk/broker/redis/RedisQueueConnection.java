package dev.stalk.broker.redis;

import dev.stalk.broker.codec.UnackedEntry;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.Settlement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** A line of one or more queues: a connection of its own and the exchange script. One thread's. */
final class RedisQueueConnection implements QueueConnection {
  private static final Logger log = LoggerFactory.getLogger(RedisQueueConnection.class);
  private static final RedisScript SCRIPT = RedisScript.load("result.lua", "exchange.lua");
  private static final byte[] IN_ORDER = RedisKeys.bytes("in order");
  private static final byte[] IN_TURNS = RedisKeys.bytes("in turns");
  private static final byte[] YES = RedisKeys.bytes("1");
  private static final byte[] NO = RedisKeys.bytes("0");

  /** How much there is in the script's answer before the messages. */
  private static final int HEADING = 5;

  /** A queue as the script is told of it. */
  private record Source(String queue, List<byte[]> keys, byte[] closing, byte[] quoted) {}

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisBindings bindings;
  private final RedisResults results;
  private final RedisWakeUps wakeUps;
  private final RedisHolders holders;
  private final QueueOrder order;
  private final String holder;
  private final Runnable wake;
  private final RedisTracking tracking;
  private final String name;
  private final List<Source> sources = new ArrayList<>();
  private final String tagPrefix;
  private final byte[] tagPrefixBytes;
  private final byte[] marker;
  private final SettlementNumbers numbers = new SettlementNumbers();

  private @Nullable RedisConnection connection;
  private long nextTag = 1;

  /** The source whose turn it is. */
  private int turn;

  /** Tags of a fetch whose answer never came, from here to {@link #nextTag}; none if equal. */
  private long firstUnknownTag = 1;

  /** How many messages were handed on, or may have been, and have not come to an end. */
  private long outstanding;

  /** How often the line was found cut after a time without use. */
  private int idleCuts;

  RedisQueueConnection(
      RedisConfig config,
      RedisKeys keys,
      RedisBindings bindings,
      RedisResults results,
      RedisWakeUps wakeUps,
      RedisHolders holders,
      List<String> queues,
      QueueOrder order,
      String holder,
      Runnable wake) {
    this.config = config;
    this.keys = keys;
    this.bindings = bindings;
    this.results = results;
    this.wakeUps = wakeUps;
    this.holders = holders;
    this.order = order;
    this.holder = holder;
    this.wake = wake;
    this.name = String.join(",", queues);
    this.tracking = new RedisTracking(name, wakeUps, config.broker());
    this.tagPrefix = RedisKeys.HELD_TAG + holder + ":";
    this.tagPrefixBytes = RedisKeys.bytes(tagPrefix);
    this.marker = keys.settled(holder);
    order.arrange(queues).forEach(this::add);
  }

  private void add(String queue) {
    List<byte[]> own = new ArrayList<>();
    own.add(keys.quarantine(queue));
    own.addAll(keys.lists(queue));
    byte[] quoted = RedisKeys.bytes(UnackedEntry.quoted(queue));
    sources.add(new Source(queue, own, UnackedEntry.closing(queue), quoted));
    lists().forEach(list -> wakeUps.add(list, wake));
  }

  private Stream<byte[]> lists() {
    return sources.stream().flatMap(source -> source.keys().stream().skip(1));
  }

  @Override
  public Exchange exchange(List<Settlement> finished, int wanted, boolean arm, Runnable meanwhile) {
    try {
      RedisConnection current = connected();
      List<Delivery> recovered = recoverUnknown(current);
      int stillWanted = Math.max(0, wanted - recovered.size());
      boolean armed = arm && tracking.on(current);
      Exchange asked = call(current, finished, stillWanted, armed, meanwhile);
      Exchange whole = withRecovered(recovered, asked);
      // only now: what goes wrong before this is as if there had been no answer
      firstUnknownTag = nextTag;
      numbers.answered();
      return whole;
    } catch (RuntimeException e) {
      RuntimeException error = RedisErrors.translate(e, config.broker());
      if (error instanceof BrokerUnavailableException
          || connection == null
          || connection.isBroken()
          || !(e instanceof JedisException || e instanceof BrokerException)) {
        disconnect();
      }
      throw error;
    } catch (Error e) { // no memory, for example: what was asked may still be answered
      disconnect();
      throw e;
    }
  }

  private RedisConnection connected() {
    RedisConnection current = connection;
    if (current != null && current.wasCutWhileIdle()) {
      idleCuts++;
      disconnect();
      current = null;
    }
    if (current == null) {
      current = RedisConnection.open(config.broker(), config, "queue-" + clientNamePart(name));
      connection = current;
      tracking.connected();
      declare(current);
      holders.enter(current, holder);
    }
    return current;
  }

  /**
   * With a line that was cut the promise of a notice has gone, and a message would wait for the
   * next look: has the owner look at once. Where idle lines have been cut before, lets the server
   * hear from this one. Only to be called between exchanges.
   */
  void keepAlive() {
    RedisConnection current = connection;
    if (current == null) {
      return;
    }
    if (current.wasCutWhileIdle()) {
      wake.run();
      return;
    }
    if (idleCuts == 0) {
      return;
    }
    try {
      current.call(Command.PING);
    } catch (RuntimeException e) {
      disconnect();
      wake.run(); // the next exchange finds out what is wrong
    }
  }

  /** A client's name must not hold spaces or control characters. */
  private static String clientNamePart(String name) {
    return name.replaceAll("[^!-~]", "_");
  }

  /** As a kombu consumer does, so that publishers with a named exchange find the queue. */
  private void declare(RedisConnection current) {
    int answers = 0;
    for (Source source : sources) {
      answers += bindings.write(current, source.queue());
    }
    RedisConnection.throwFirstError(current.sendAndReadAll(answers));
  }

  /**
   * When a connection breaks after a fetch was sent, the messages may be held under tags we chose
   * but never saw. They are ours: take them in now instead of waiting for the lease to lapse. If
   * the exchange that follows fails they are looked for again, as others may have them by then.
   */
  private List<Delivery> recoverUnknown(RedisConnection current) {
    if (firstUnknownTag == nextTag) {
      return List.of();
    }
    List<byte[]> fields = new ArrayList<>();
    fields.add(keys.unacked());
    for (long number = firstUnknownTag; number < nextTag; number++) {
      fields.add(RedisKeys.bytes(tag(number)));
    }
    List<?> values = (List<?>) current.call(Command.HMGET, fields.toArray(byte[][]::new));
    List<Delivery> found = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) instanceof byte[] value) {
        found.add(deliveryIn(tag(firstUnknownTag + i), value));
      }
    }
    if (!found.isEmpty()) {
      log.info("{}: taking in {} messages whose fetch was cut off", name, found.size());
    }
    return found;
  }

  private Exchange withRecovered(List<Delivery> recovered, Exchange exchange) {
    if (recovered.isEmpty()) {
      return exchange;
    }
    List<Delivery> all = new ArrayList<>(recovered);
    all.addAll(exchange.deliveries());
    outstanding += recovered.size();
    return new Exchange(
        exchange.fates(), all, exchange.quarantined(), exchange.more(), exchange.failure());
  }

  /** We made this value ourselves, so its envelope is cut out without reading it. */
  private Delivery deliveryIn(String tag, byte[] value) {
    for (Source source : sources) {
      int end = value.length - source.closing().length;
      if (end > 0
          && Arrays.equals(
              value, end, value.length, source.closing(), 0, source.closing().length)) {
        return new Delivery(tag, source.queue(), Arrays.copyOfRange(value, 1, end));
      }
    }
    throw new IllegalStateException("what is held under " + tag + " was not fetched here");
  }

  private Exchange call(
      RedisConnection current,
      List<Settlement> finished,
      int wanted,
      boolean armed,
      Runnable meanwhile) {
    numbers.offer(finished);
    boolean elsewhere = results.areElsewhere();
    if (elsewhere) {
      meanwhile.run(); // what is done meanwhile must not wait for another server
    }
    SettlementsLeft settling = results.storeElsewhere(current, finished, numbers, marker);
    List<Source> order = inOrder();
    List<byte[]> names = new ArrayList<>(8 + settling.size());
    names.add(keys.unacked());
    names.add(keys.unackedIndex());
    order.forEach(source -> names.addAll(source.keys()));
    RedisSettlements settlements =
        new RedisSettlements(settling, keys, config.visibilityTimeout(), numbers, marker);
    List<byte[]> arguments = arguments(order, settlements, wanted, armed, names);
    long first = nextTag;
    nextTag += wanted;

    if (armed) {
      tracking.allow(current);
    }
    SCRIPT.write(current, names, arguments);
    current.send();
    if (!elsewhere) {
      meanwhile.run();
    }
    List<Object> answers = current.sendAndReadAll(armed ? 2 : 1);
    if (answers.get(answers.size() - 1) instanceof JedisNoScriptException) {
      if (armed) {
        tracking.allow(current);
      }
      SCRIPT.writeText(current, names, arguments);
      answers = current.sendAndReadAll(armed ? 2 : 1);
    }
    Object answer = answers.get(answers.size() - 1);
    if (answer instanceof JedisDataException error) {
      if (firstUnknownTag == first) {
        firstUnknownTag = nextTag; // the script fetches last, and has failed before
      }
      throw error;
    }
    if (armed && answers.get(0) instanceof JedisDataException refused) {
      tracking.refuse(refused);
    }
    return exchangeOf((List<?>) answer, finished, settlements, order, first);
  }

  /** All sources, the one to be fetched from first at the beginning. */
  private List<Source> inOrder() {
    List<Source> order = new ArrayList<>(sources);
    Collections.rotate(order, -turn);
    return order;
  }

  private List<byte[]> arguments(
      List<Source> order,
      RedisSettlements finished,
      int wanted,
      boolean armed,
      List<byte[]> names) {
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(RedisKeys.bytes(order.size()));
    arguments.add(RedisKeys.bytes(keys.steps().size()));
    arguments.add(RedisKeys.bytes(wanted));
    arguments.add(tagPrefixBytes);
    arguments.add(RedisKeys.bytes(nextTag));
    arguments.add(armed ? YES : NO);
    arguments.add(RedisKeys.bytes(config.broker().database()));
    arguments.add(RedisKeys.bytes(config.results().database()));
    arguments.add(RedisKeys.bytes(config.resultExpires().toSeconds()));
    for (Source source : order) {
      arguments.add(source.closing());
      arguments.add(source.quoted());
    }
    finished.addTo(names, arguments);
    arguments.add(this.order.isStrict() ? IN_ORDER : IN_TURNS);
    return arguments;
  }

  /**
   * The tag of a number, as the script makes it. Long on purpose: past 64 characters Redis keeps
   * the index as a skip list from the first entry on. As the compact list it would otherwise be,
   * every insertion reads all the scores before it, which took six times as long with 60 messages
   * held.
   */
  private String tag(long number) {
    String digits = Long.toString(number);
    return tagPrefix + "0".repeat(20 - digits.length()) + digits;
  }

  private Exchange exchangeOf(
      List<?> answer,
      List<Settlement> finished,
      RedisSettlements settlements,
      List<Source> order,
      long first) {
    List<Settlement.Fate> fates = settlements.fates(answer.get(0), this::fateOf);
    List<?> messages = answer.subList(HEADING, answer.size());
    List<Delivery> deliveries = deliveries(messages, answer.get(1), order, first);
    BrokerException failure = answer.get(4) instanceof byte[] error ? failure(error) : null;
    if (failure != null && fates.isEmpty() && deliveries.isEmpty()) {
      throw failure;
    }
    boolean more = (Long) answer.get(3) == 1;
    outstanding += deliveries.size() - ended(finished, fates);
    return new Exchange(fates, deliveries, ((Long) answer.get(2)).intValue(), more, failure);
  }

  /** The script says how many messages in a row came from which source, if there are several. */
  private List<Delivery> deliveries(List<?> messages, Object told, List<Source> order, long first) {
    List<?> runs = told instanceof List<?> all ? all : List.of(1L, (long) messages.size());
    List<Delivery> deliveries = new ArrayList<>(messages.size());
    for (int run = 0; run < runs.size(); run += 2) {
      Source source = order.get(((Long) runs.get(run)).intValue() - 1);
      int end = deliveries.size() + ((Long) runs.get(run + 1)).intValue();
      while (deliveries.size() < end) {
        byte[] message = (byte[]) messages.get(deliveries.size());
        deliveries.add(new Delivery(tag(first + deliveries.size()), source.queue(), message));
      }
      turn = this.order.isStrict() ? 0 : (sources.indexOf(source) + 1) % sources.size();
    }
    return deliveries;
  }

  /** How many are held no more. What was acknowledged early was counted then. */
  private static int ended(List<Settlement> finished, List<Settlement.Fate> fates) {
    int ended = 0;
    for (int i = 0; i < fates.size(); i++) {
      if (finished.get(i).claim() == Settlement.Claim.HELD
          && fates.get(i) != Settlement.Fate.REFUSED) {
        ended++;
      }
    }
    return ended;
  }

  private BrokerException failure(byte[] error) {
    return RedisErrors.translate(new JedisDataException(RedisKeys.text(error)), config.broker());
  }

  private Settlement.Fate fateOf(Object fate) {
    if (fate instanceof Long number) {
      return number == 1 ? Settlement.Fate.SETTLED : Settlement.Fate.LAPSED;
    }
    log.error("{}: Redis refused a settlement: {}", name, RedisKeys.text((byte[]) fate));
    return Settlement.Fate.REFUSED;
  }

  @Override
  public boolean givesNotice() {
    return tracking.givesNotice();
  }

  private void disconnect() {
    RedisConnection current = connection;
    connection = null;
    if (current != null) {
      current.cut();
    }
  }

  @Override
  public void close() {
    lists().forEach(list -> wakeUps.remove(list, wake));
    RedisConnection current = connection;
    if (current != null && outstanding == 0 && firstUnknownTag == nextTag) {
      holders.leave(current, holder);
    } else {
      holders.fallSilent(holder);
    }
    disconnect();
  }
}
