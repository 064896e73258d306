package dev.stalk.broker.message;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values by name, any of which may be null, as records keep them. */
final class ValueMap {
  private ValueMap() {}

  /** An unmodifiable copy in the same order; one that is small where there is little in it. */
  static Map<String, @Nullable Object> copyOf(Map<String, @Nullable Object> values) {
    if (values.isEmpty()) {
      return Collections.emptyMap();
    }
    if (values.size() == 1) { // as of the headers of most messages
      Map.Entry<String, @Nullable Object> only = values.entrySet().iterator().next();
      return Collections.singletonMap(only.getKey(), only.getValue());
    }
    return Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }
}
