package dev.stalk.worker.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One mapping of the file while it is read. The reader asks for keys and says what becomes of their
 * values; a value that cannot be read, or that its consumer refuses with an {@link
 * IllegalArgumentException}, is a problem, and reading goes on. A key that was never asked for is
 * unknown: the known ones are written down nowhere else.
 */
final class YamlSection {
  private final Reading reading;
  private final String path;
  private final Optional<Mark> start;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Set<String> askedFor = new LinkedHashSet<>();
  private boolean present = true;

  private record Entry(Node key, Node value) {}

  private YamlSection(Reading reading, String path, Optional<Mark> start) {
    this.reading = reading;
    this.path = path;
    this.start = start;
  }

  /** Reads the whole file: its topmost mapping and, through it, all others. */
  static void read(Node root, Reading reading, Consumer<YamlSection> reader) {
    new YamlSection(reading, "", root.getStartMark()).read(root, reader);
  }

  private void read(Node node, Consumer<YamlSection> reader) {
    addEntries(node);
    read(reader);
  }

  private void read(Consumer<YamlSection> reader) {
    reader.accept(this);
    refuseUnknownKeys();
  }

  private void addEntries(Node node) {
    if (node instanceof MappingNode mapping && node.getTag().equals(Tag.MAP)) {
      mapping.getValue().forEach(this::addEntry);
    } else if (!YamlScalar.isNull(node)) {
      reading
          .problems()
          .add(node.getStartMark(), path, "must be a mapping, not " + YamlScalar.kind(node));
    }
  }

  private void addEntry(NodeTuple tuple) {
    Node key = tuple.getKeyNode();
    if (!YamlScalar.isUntagged(key) || YamlScalar.isNull(key)) {
      reading.problems().add(key.getStartMark(), path, "a key must be a text without a tag");
    } else {
      addEntry(((ScalarNode) key).getValue(), new Entry(key, tuple.getValueNode()));
    }
  }

  private void addEntry(String key, Entry entry) {
    if (key.equals("<<")) {
      reading.problems().add(entry.key.getStartMark(), path, "merge keys (<<) are not supported");
      return;
    }
    @Nullable Entry first = entries.putIfAbsent(key, entry);
    if (first != null) {
      String line = first.key.getStartMark().map(mark -> mark.getLine() + 1 + "").orElse("?");
      reading
          .problems()
          .add(
              entry.key.getStartMark(), pathOf(key), "duplicate key; the first is in line " + line);
    }
  }

  private void refuseUnknownKeys() {
    entries.forEach(
        (key, entry) -> {
          if (!askedFor.contains(key)) {
            reading
                .problems()
                .add(
                    entry.key.getStartMark(),
                    pathOf(key),
                    Suggestions.forUnknownKey(key, askedFor));
          }
        });
  }

  /** The names under a key, whatever is wrong with what stands there. */
  Set<String> namesOf(String key) {
    Set<String> names = new LinkedHashSet<>();
    @Nullable Entry entry = entries.get(key);
    if (entry != null && entry.value instanceof MappingNode mapping) {
      for (NodeTuple tuple : mapping.getValue()) {
        if (tuple.getKeyNode() instanceof ScalarNode name) {
          names.add(name.getValue());
        }
      }
    }
    return names;
  }

  /** Whether the file has it, be it empty. */
  boolean isPresent() {
    return present;
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  void text(String key, Consumer<String> use) {
    scalar(key, YamlScalar.Type.TEXT, use);
  }

  void integer(String key, Consumer<Integer> use) {
    scalar(key, YamlScalar.Type.INTEGER, use);
  }

  void bool(String key, Consumer<Boolean> use) {
    scalar(key, YamlScalar.Type.BOOLEAN, use);
  }

  void duration(String key, Consumer<Duration> use) {
    scalar(key, YamlScalar.Type.DURATION, use);
  }

  void size(String key, Consumer<Long> use) {
    scalar(key, YamlScalar.Type.SIZE, use);
  }

  void percentage(String key, Consumer<Float> use) {
    scalar(key, YamlScalar.Type.PERCENTAGE, use);
  }

  /** One of an enumeration's names, in either case and with either kind of dash. */
  <E extends Enum<E>> void word(String key, Class<E> words, Consumer<E> use) {
    text(key, text -> use.accept(Words.parse(text, words)));
  }

  private <T> void scalar(String key, YamlScalar.Type<T> type, Consumer<T> use) {
    value(key).ifPresent(node -> scalar(pathOf(key), node).read(type, use));
  }

  private YamlScalar scalar(String path, Node node) {
    return new YamlScalar(path, node, reading);
  }

  /**
   * Refuses what a rule refuses with an {@link IllegalArgumentException}, at the place of a key if
   * the section has it, else at its own.
   */
  void check(String key, Runnable rule) {
    try {
      rule.run();
    } catch (IllegalArgumentException e) {
      @Nullable Entry entry = entries.get(key);
      reading
          .problems()
          .add(
              entry == null ? start : entry.value.getStartMark(),
              entry == null ? path : pathOf(key),
              String.valueOf(e.getMessage()));
    }
  }

  /** A list of texts, all of which go to the consumer at once. */
  void textList(String key, Consumer<String> rule, Consumer<List<String>> use) {
    if (!has(key)) {
      askedFor.add(key);
      return;
    }
    List<String> items = new ArrayList<>();
    texts(
        key,
        item -> {
          rule.accept(item);
          items.add(item);
        });
    value(key).ifPresent(node -> reading.origins().add(pathOf(key), node.getStartMark()));
    use.accept(items);
  }

  /** A list of texts, each of which goes to the consumer. */
  void texts(String key, Consumer<String> use) {
    @Nullable Node node = value(key).orElse(null);
    if (node instanceof SequenceNode list && node.getTag().equals(Tag.SEQ)) {
      List<Node> items = list.getValue();
      for (int i = 0; i < items.size(); i++) {
        String item = "%s[%d]".formatted(pathOf(key), i);
        scalar(item, items.get(i)).read(YamlScalar.Type.TEXT, use);
      }
    } else if (node != null && !YamlScalar.isNull(node)) {
      reading
          .problems()
          .add(node.getStartMark(), pathOf(key), "must be a list, not " + YamlScalar.kind(node));
    }
  }

  /** A list of whole numbers, handed over as one if all of them are. */
  void integers(String key, Consumer<List<Integer>> use) {
    @Nullable Node node = value(key).orElse(null);
    if (node instanceof SequenceNode list && node.getTag().equals(Tag.SEQ)) {
      List<Integer> numbers = new ArrayList<>();
      for (Node item : list.getValue()) {
        scalar(pathOf(key), item).read(YamlScalar.Type.INTEGER, numbers::add);
      }
      if (numbers.size() == list.getValue().size()) {
        scalar(pathOf(key), node).check(use, numbers);
      }
    } else if (node != null && !YamlScalar.isNull(node)) {
      reading
          .problems()
          .add(node.getStartMark(), pathOf(key), "must be a list, not " + YamlScalar.kind(node));
    }
  }

  /** A mapping with keys of its own; where the file has none, the reader gets an empty one. */
  void section(String key, Consumer<YamlSection> reader) {
    Optional<Node> node = value(key);
    YamlSection section = child(key, node.flatMap(Node::getStartMark));
    section.present = node.isPresent();
    node.ifPresent(found -> reading.origins().add(pathOf(key), found.getStartMark()));
    node.ifPresent(section::addEntries);
    section.read(reader);
  }

  /**
   * A mapping with at least one entry, each a section under a name that the user chose.
   *
   * @param nameRule refuses a name with an {@link IllegalArgumentException}
   */
  void namedSections(
      String key, Consumer<String> nameRule, BiConsumer<String, YamlSection> reader) {
    Optional<Node> node = value(key);
    if (node.isEmpty() || isEmpty(node.get())) {
      YamlSection names = child(key, node.flatMap(Node::getStartMark).or(() -> start));
      reading.problems().add(names.start, names.path, "must have at least one entry");
      return;
    }
    anyNamedSections(key, nameRule, reader);
  }

  /** The same, but there may be none. */
  void anyNamedSections(
      String key, Consumer<String> nameRule, BiConsumer<String, YamlSection> reader) {
    Optional<Node> node = value(key);
    YamlSection names = child(key, node.flatMap(Node::getStartMark).or(() -> start));
    node.ifPresent(names::addEntries);
    names.entries.forEach((name, entry) -> names.named(name, entry, nameRule, reader));
  }

  private void named(
      String name, Entry entry, Consumer<String> nameRule, BiConsumer<String, YamlSection> reader) {
    scalar(pathOf(name), entry.key).check(nameRule, name);
    child(name, entry.value.getStartMark()).read(entry.value, self -> reader.accept(name, self));
  }

  private static boolean isEmpty(Node node) {
    return YamlScalar.isNull(node)
        || (node instanceof MappingNode mapping && mapping.getValue().isEmpty());
  }

  private Optional<Node> value(String key) {
    askedFor.add(key);
    return Optional.ofNullable(entries.get(key)).map(Entry::value);
  }

  private YamlSection child(String key, Optional<Mark> where) {
    return new YamlSection(reading, pathOf(key), where);
  }

  private String pathOf(String key) {
    return path.isEmpty() ? Excerpt.ofKey(key) : path + "." + Excerpt.ofKey(key);
  }
}
