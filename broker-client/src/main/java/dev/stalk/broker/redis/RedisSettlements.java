package dev.stalk.broker.redis;

import dev.stalk.broker.codec.UnackedEntry;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Settlement;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The settlements of one exchange, in the order and form in which the script takes them: most tasks
 * end in an acknowledgement alone, or in a result and an acknowledgement, and these are told with
 * less. One thread's.
 */
final class RedisSettlements {
  private static final byte[] NOTHING = {};
  private static final String NO_KEY = "0";
  private static final Long ALL_SETTLED = 1L;

  /** Where the settlements of one form stand among all, in their order. */
  private static final class Places {
    private final int[] places;
    private int size;

    Places(int most) {
      this.places = new int[most];
    }

    void add(int place) {
      places[size] = place;
      size++;
    }

    IntStream stream() {
      return Arrays.stream(places, 0, size);
    }
  }

  private final SettlementsLeft settlements;
  private final RedisKeys keys;
  private final Duration visibilityTimeout;
  private final SettlementNumbers numbers;
  private final byte[] marker;
  private final Places acknowledgements;
  private final Places results;
  private final Places others;

  /**
   * Takes the settlements of an exchange.
   *
   * @param numbers the numbers of those that were acknowledged early
   * @param marker the key of the line's marker
   */
  RedisSettlements(
      SettlementsLeft settlements,
      RedisKeys keys,
      Duration visibilityTimeout,
      SettlementNumbers numbers,
      byte[] marker) {
    this.settlements = settlements;
    this.keys = keys;
    this.visibilityTimeout = visibilityTimeout;
    this.numbers = numbers;
    this.marker = marker;
    this.acknowledgements = new Places(settlements.size());
    this.results = new Places(settlements.size());
    this.others = new Places(settlements.size());
    for (int i = 0; i < settlements.size(); i++) {
      placesOf(i).add(i);
    }
  }

  private Places placesOf(int place) {
    Settlement settlement = settlements.at(place);
    List<Effect> effects = settlement.effects();
    if (settlement.claim() != Settlement.Claim.HELD
        || effects.size() > 1
        || settlements.refusal(place) != null) {
      return others;
    }
    if (effects.isEmpty()) {
      return acknowledgements;
    }
    return effects.get(0) instanceof Effect.StoreResult ? results : others;
  }

  /**
   * Adds what the script is told of them.
   *
   * @param names the script's keys so far: those of results are added first
   */
  void addTo(List<byte[]> names, List<byte[]> arguments) {
    addTags(acknowledgements, arguments);
    addTags(results, arguments);
    results.stream().forEach(place -> addResult(place, names, arguments));
    arguments.add(RedisKeys.bytes(others.size));
    arguments.add(RedisKeys.bytes(numbers.isEmpty() ? NO_KEY : key(names, marker)));
    others.stream().forEach(place -> add(place, names, arguments));
  }

  private void addTags(Places places, List<byte[]> arguments) {
    arguments.add(RedisKeys.bytes(places.size));
    places.stream().forEach(place -> arguments.add(RedisKeys.bytes(settlements.at(place).tag())));
  }

  private void addResult(int place, List<byte[]> names, List<byte[]> arguments) {
    Effect.StoreResult store = (Effect.StoreResult) settlements.at(place).effects().get(0);
    names.add(keys.result(store.taskId()));
    arguments.add(store.meta());
  }

  private void add(int place, List<byte[]> names, List<byte[]> arguments) {
    Settlement settlement = settlements.at(place);
    arguments.add(RedisKeys.bytes(named(settlement)));
    String refusal = settlements.refusal(place);
    if (refusal != null) {
      arguments.add(RedisKeys.bytes(1));
      add(arguments, "refuse", NO_KEY, RedisKeys.bytes(refusal), "");
      return;
    }
    arguments.add(RedisKeys.bytes(settlement.effects().size()));
    for (Effect effect : settlement.effects()) {
      add(effect, names, arguments);
    }
  }

  private String named(Settlement settlement) {
    return SettlementNumbers.isNumbered(settlement)
        ? "#" + numbers.of(settlement)
        : settlement.tag();
  }

  private void add(Effect effect, List<byte[]> names, List<byte[]> arguments) {
    if (effect instanceof Effect.StoreResult store) {
      add(arguments, "store", key(names, keys.result(store.taskId())), store.meta(), "");
    } else if (effect instanceof Effect.Publish publish) {
      byte[] list = keys.list(publish.publication().queue(), publish.publication().priority());
      add(arguments, "publish", key(names, list), publish.publication().message(), "");
    } else if (effect instanceof Effect.Return back) {
      byte[] list = keys.list(back.publication().queue(), back.publication().priority());
      add(arguments, "return", key(names, list), back.publication().message(), "");
    } else if (effect instanceof Effect.Quarantine quarantine) {
      byte[] entry = RedisQuarantine.entry(quarantine);
      add(arguments, "return", key(names, keys.quarantine(quarantine.queue())), entry, "");
    } else if (effect instanceof Effect.Park park) {
      ParkedEntry entry = ParkedEntry.of(park, keys);
      String scores = entry.score(visibilityTimeout) + " " + entry.due() + " ";
      byte[] value = UnackedEntry.of(park.message(), park.queue());
      add(arguments, "park", key(names, keys.parked()), value, scores + entry.member());
    } else if (effect instanceof Effect.ForgetDeliveries forget) {
      byte[] count = keys.deliveries(forget.deliveryTag());
      add(arguments, "delete", key(names, count), NOTHING, "");
    } else {
      throw new IllegalStateException("unknown effect " + effect);
    }
  }

  private static String key(List<byte[]> names, byte[] key) {
    names.add(key);
    return Integer.toString(names.size());
  }

  private static void add(
      List<byte[]> arguments, String operation, String index, byte[] payload, String extra) {
    arguments.add(RedisKeys.bytes(operation));
    arguments.add(RedisKeys.bytes(index));
    arguments.add(payload);
    arguments.add(RedisKeys.bytes(extra));
  }

  /**
   * What became of each, in the order in which they were given.
   *
   * @param answer the script's: a list of what {@code fate} reads, or a number if all are settled
   */
  List<Settlement.Fate> fates(Object answer, Function<Object, Settlement.Fate> fate) {
    if (answer.equals(ALL_SETTLED)) {
      return Collections.nCopies(settlements.size(), Settlement.Fate.SETTLED);
    }
    Settlement.Fate[] fates = new Settlement.Fate[settlements.size()];
    Iterator<?> next = ((List<?>) answer).iterator();
    Stream.of(acknowledgements, results, others)
        .flatMapToInt(Places::stream)
        .forEachOrdered(place -> fates[place] = fate.apply(next.next()));
    return List.of(fates);
  }
}
