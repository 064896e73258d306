package dev.stalk.worker.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Lays one file over another: mappings are joined key by key, and of everything else the later file
 * is right. Each node keeps the place it came from.
 */
final class YamlFiles {
  /** An alias may make a mapping contain itself; nothing that is read lies deeper. */
  private static final int MAX_DEPTH = 20;

  private YamlFiles() {}

  static Node overlay(Node first, Node second) {
    return overlay(first, second, 0);
  }

  private static Node overlay(Node first, Node second, int depth) {
    if (depth > MAX_DEPTH
        || !(first instanceof MappingNode one && second instanceof MappingNode other)
        || !one.getTag().equals(Tag.MAP)
        || !other.getTag().equals(Tag.MAP)) {
      // an empty section says nothing, also of what another file says
      return YamlScalar.isNull(second) ? first : second;
    }
    Map<String, NodeTuple> later = new LinkedHashMap<>();
    List<NodeTuple> joined = new ArrayList<>();
    for (NodeTuple tuple : other.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)
          || later.putIfAbsent(key.getValue(), tuple) != null) {
        joined.add(tuple); // wrong, and to be refused where it stands
      }
    }
    List<NodeTuple> all = new ArrayList<>();
    for (NodeTuple tuple : one.getValue()) {
      @Nullable NodeTuple over =
          tuple.getKeyNode() instanceof ScalarNode key ? later.remove(key.getValue()) : null;
      all.add(
          over == null
              ? tuple
              : new NodeTuple(
                  over.getKeyNode(),
                  overlay(tuple.getValueNode(), over.getValueNode(), depth + 1)));
    }
    all.addAll(later.values());
    all.addAll(joined);
    return new MappingNode(
        Tag.MAP, true, all, other.getFlowStyle(), other.getStartMark(), other.getEndMark());
  }
}
