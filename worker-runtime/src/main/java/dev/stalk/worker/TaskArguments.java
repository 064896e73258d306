package dev.stalk.worker;

import dev.stalk.broker.codec.Values;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call, as plain values: null, Boolean, Integer, Long, BigInteger, Double,
 * String, List, Map, and kombu's marked types as their Java counterparts.
 *
 * @param positional by position
 * @param named by name
 */
public record TaskArguments(
    List<@Nullable Object> positional, Map<String, @Nullable Object> named) {

  /**
   * One argument, by position or, where there are not that many, by name.
   *
   * @param index its place, from 0
   * @param name its name
   * @param type what it is to be read as
   * @throws TaskArgumentException if it is missing or does not fit the type
   */
  @SuppressWarnings("unchecked")
  public <T> @Nullable T get(int index, String name, Class<T> type) {
    if (index >= positional.size() && !named.containsKey(name)) {
      throw new TaskArgumentException("missing a required argument: '" + name + "'");
    }
    Object value = index < positional.size() ? positional.get(index) : named.get(name);
    try {
      return (T) Values.convert(value, type);
    } catch (IllegalArgumentException e) {
      throw new TaskArgumentException("argument '" + name + "': " + e.getMessage());
    }
  }
}
