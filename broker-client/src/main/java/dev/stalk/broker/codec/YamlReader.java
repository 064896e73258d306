package dev.stalk.broker.codec;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads YAML as PyYAML's safe loader does, which is what kombu calls (kombu {@code
 * serialization.py:register_yaml}), from the parser's events: no tag ever builds an object. Depth
 * is bounded, and aliases count as if they were written out, so that a few lines cannot become a
 * billion. The keys of a map become text, as JSON has them. The only class that touches
 * snakeyaml-engine.
 *
 * <p>Not thread-safe.
 */
final class YamlReader {
  private static final LoadSettings SETTINGS =
      LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).build();

  /** What an anchor stands for, and how much of it there is. */
  private record Anchored(@Nullable Object value, long size) {}

  private final Iterator<Event> events;
  private final int maxDepth;
  private final long maxSize;
  private final Map<Anchor, Anchored> anchors = new HashMap<>();
  private long size;

  private YamlReader(Iterator<Event> events, int maxDepth, long maxSize) {
    this.events = events;
    this.maxDepth = maxDepth;
    this.maxSize = maxSize;
  }

  static @Nullable Object read(byte[] bytes, ContentConfig content) {
    try {
      Iterable<Event> events =
          new Parse(SETTINGS).parseInputStream(new ByteArrayInputStream(bytes));
      return new YamlReader(events.iterator(), content.maxDepth(), content.maxDecompressedSize())
          .document();
    } catch (YamlEngineException e) {
      throw new MalformedMessageException("not yaml: " + e.getMessage(), e);
    }
  }

  private @Nullable Object document() {
    events.next(); // the stream begins
    if (events.next().getEventId() == Event.ID.StreamEnd) {
      return null;
    }
    Object value = node(events.next(), 0);
    events.next(); // the document ends
    if (events.next().getEventId() != Event.ID.StreamEnd) {
      throw new MalformedMessageException("not yaml: there is more than one document");
    }
    return value;
  }

  private @Nullable Object node(Event event, int depth) {
    if (event instanceof AliasEvent alias) {
      return alias(alias);
    }
    long before = size;
    Object value;
    Optional<Anchor> anchor;
    if (event instanceof ScalarEvent scalar) {
      anchor = scalar.getAnchor();
      count(1L + scalar.getValue().length());
      value = YamlScalars.value(scalar.getValue(), scalar.getTag().orElse(null), scalar.isPlain());
    } else {
      anchor = ((CollectionStartEvent) event).getAnchor();
      count(1);
      if (depth >= maxDepth) {
        throw new MalformedMessageException(
            "not yaml: a value is nested deeper than " + maxDepth + " levels");
      }
      value = collection((CollectionStartEvent) event, depth + 1);
    }
    if (anchor.isPresent()) {
      anchors.put(anchor.get(), new Anchored(value, size - before));
    }
    return value;
  }

  private void count(long more) {
    size += more;
    if (size > maxSize) {
      throw new MalformedMessageException(
          "not yaml: with its aliases written out it has more than %d characters, which is content.max-decompressed-size"
              .formatted(maxSize));
    }
  }

  /** An anchor is known when its value is complete, so nothing can contain itself. */
  private @Nullable Object alias(AliasEvent event) {
    Anchored anchored = anchors.get(event.getAlias());
    if (anchored == null) {
      throw new MalformedMessageException(
          "not yaml: alias *%s stands for nothing, or for what it is a part of"
              .formatted(event.getAlias()));
    }
    count(anchored.size());
    return anchored.value();
  }

  private Object collection(CollectionStartEvent event, int depth) {
    String tag = event.getTag().orElse("!");
    if (event instanceof SequenceStartEvent) {
      if (tag.equals("!") || tag.equals(YamlScalars.TAGS + "seq")) {
        return sequence(depth);
      }
    } else if (event instanceof MappingStartEvent) {
      if (tag.equals("!") || tag.equals(YamlScalars.TAGS + "map")) {
        return mapping(depth);
      }
      if (tag.equals(YamlScalars.TAGS + "set")) {
        return set(depth);
      }
    }
    throw YamlScalars.unknown(tag);
  }

  private List<@Nullable Object> sequence(int depth) {
    List<@Nullable Object> items = new ArrayList<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.SequenceEnd;
        event = events.next()) {
      items.add(node(event, depth));
    }
    return items;
  }

  /** A mapping whose keys are the elements. */
  private Set<@Nullable Object> set(int depth) {
    Set<@Nullable Object> elements = new LinkedHashSet<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.MappingEnd;
        event = events.next()) {
      elements.add(node(event, depth));
      node(events.next(), depth);
    }
    return elements;
  }

  private Map<String, @Nullable Object> mapping(int depth) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.MappingEnd;
        event = events.next()) {
      Object key = node(event, depth);
      if (key instanceof Map || key instanceof Iterable || key instanceof byte[]) {
        throw new MalformedMessageException("not yaml: a key of a map is " + Fields.kind(key));
      }
      map.put(JavaValues.keyText(key), node(events.next(), depth));
    }
    return map;
  }
}
