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
  private final Problems problems;
  private final Substitution substitution;
  private final String path;
  private final Optional<Mark> start;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Set<String> askedFor = new LinkedHashSet<>();

  private record Entry(Node key, Node value) {}

  private YamlSection(
      Problems problems, Substitution substitution, String path, Optional<Mark> start) {
    this.problems = problems;
    this.substitution = substitution;
    this.path = path;
    this.start = start;
  }

  /** Reads the whole file: its topmost mapping and, through it, all others. */
  static void read(
      Node root, Problems problems, Substitution substitution, Consumer<YamlSection> reader) {
    new YamlSection(problems, substitution, "", root.getStartMark()).read(root, reader);
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
      problems.add(node.getStartMark(), path, "must be a mapping, not " + YamlScalar.kind(node));
    }
  }

  private void addEntry(NodeTuple tuple) {
    Node key = tuple.getKeyNode();
    if (!YamlScalar.isUntagged(key) || YamlScalar.isNull(key)) {
      problems.add(key.getStartMark(), path, "a key must be a text without a tag");
    } else {
      addEntry(((ScalarNode) key).getValue(), new Entry(key, tuple.getValueNode()));
    }
  }

  private void addEntry(String key, Entry entry) {
    if (key.equals("<<")) {
      problems.add(entry.key.getStartMark(), path, "merge keys (<<) are not supported");
      return;
    }
    @Nullable Entry first = entries.putIfAbsent(key, entry);
    if (first != null) {
      String line = first.key.getStartMark().map(mark -> mark.getLine() + 1 + "").orElse("?");
      problems.add(
          entry.key.getStartMark(), pathOf(key), "duplicate key; the first is in line " + line);
    }
  }

  private void refuseUnknownKeys() {
    entries.forEach(
        (key, entry) -> {
          if (!askedFor.contains(key)) {
            problems.add(
                entry.key.getStartMark(), pathOf(key), Suggestions.forUnknownKey(key, askedFor));
          }
        });
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

  private <T> void scalar(String key, YamlScalar.Type<T> type, Consumer<T> use) {
    value(key).ifPresent(node -> scalar(pathOf(key), node).read(type, use));
  }

  private YamlScalar scalar(String path, Node node) {
    return new YamlScalar(path, node, problems, substitution);
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
      problems.add(
          node.getStartMark(), pathOf(key), "must be a list, not " + YamlScalar.kind(node));
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
      problems.add(
          node.getStartMark(), pathOf(key), "must be a list, not " + YamlScalar.kind(node));
    }
  }

  /** A mapping with keys of its own; where the file has none, the reader gets an empty one. */
  void section(String key, Consumer<YamlSection> reader) {
    Optional<Node> node = value(key);
    YamlSection section = child(key, node.flatMap(Node::getStartMark));
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
    YamlSection names = child(key, node.flatMap(Node::getStartMark).or(() -> start));
    if (node.isEmpty() || isEmpty(node.get())) {
      problems.add(names.start, names.path, "must have at least one entry");
      return;
    }
    names.addEntries(node.get());
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
    return new YamlSection(problems, substitution, pathOf(key), where);
  }

  private String pathOf(String key) {
    return path.isEmpty() ? Excerpt.ofKey(key) : path + "." + Excerpt.ofKey(key);
  }
}
