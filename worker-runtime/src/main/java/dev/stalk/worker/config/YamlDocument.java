package dev.stalk.worker.config;

import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlVersionException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.resolver.CoreScalarResolver;
import org.snakeyaml.engine.v2.resolver.ScalarResolver;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** Turns the text of a file into nodes, never into objects, and bounds what they may cost. */
final class YamlDocument {
  /** More than any configuration needs: 1 MiB. */
  static final int MAX_SIZE = 1 << 20;

  private static final int MAX_ALIASES = 100;
  private static final int MAX_DEPTH = 20;
  private static final String MERGE = Tag.MERGE.getValue();

  private static LoadSettings settings(String source) {
    return LoadSettings.builder()
        .setLabel(source) // by it a place tells its file
        .setSchema(new CoreSchemaWithoutMerging())
        .setMaxAliasesForCollections(MAX_ALIASES)
        .setAllowNonScalarKeys(true) // YamlSection refuses them, and says where
        .build();
  }

  /** YAML 1.2 has no merge keys, and merging would multiply what aliases hold. */
  private static final class CoreSchemaWithoutMerging extends CoreSchema {
    @Override
    public ScalarResolver getScalarResolver() {
      return new CoreScalarResolver(false);
    }
  }

  private final String text;
  private final Problems problems;
  private final LoadSettings settings;

  private YamlDocument(String source, String text, Problems problems) {
    this.text = text;
    this.problems = problems;
    this.settings = settings(source);
  }

  /**
   * The file's only document.
   *
   * @throws ConfigException if there is none, or if it is not well-formed
   */
  static Node root(String source, String text) {
    Problems problems = new Problems(source);
    if (text.length() > MAX_SIZE) {
      throw tooLarge(problems);
    }
    String content = text.startsWith("\uFEFF") ? text.substring(1) : text;
    return new YamlDocument(source, content, problems).root();
  }

  static ConfigException tooLarge(Problems problems) {
    return problems.fatal("is larger than 1 MiB", null);
  }

  private Node root() {
    try {
      checkBounds();
      return new Compose(settings)
          .composeString(text)
          .orElseThrow(() -> problems.fatal(1, 1, "is empty; a worker needs at least one queue"));
    } catch (MarkedYamlEngineException e) {
      // the exception's own text quotes the line, in which there may be a password
      throw at(e.getProblemMark(), e.getProblem() + hint(e.getProblemMark()));
    } catch (ReaderException e) {
      throw notAllowed(e);
    } catch (YamlVersionException e) {
      throw problems.fatal(1, 1, "has a %YAML directive of an unknown version; 1.2 is known");
    } catch (YamlEngineException e) {
      throw problems.fatal("is not well-formed YAML", null);
    }
  }

  /**
   * The composer recurses, copies and merges: what is too deep, has too many aliases or an explicit
   * merge tag must not reach it.
   */
  private void checkBounds() {
    int depth = 0;
    int aliases = 0;
    for (Event event : new Parse(settings).parseString(text)) {
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> depth++;
        case MappingEnd, SequenceEnd -> depth--;
        case Alias -> aliases++;
        default -> {}
      }
      if (depth > MAX_DEPTH) {
        throw at(event.getStartMark(), "more than %d levels deep".formatted(MAX_DEPTH));
      }
      if (event instanceof ScalarEvent scalar
          && scalar.getTag().filter(MERGE::equals).isPresent()) {
        throw at(event.getStartMark(), "merge keys are not supported");
      }
      if (aliases > MAX_ALIASES) {
        throw at(event.getStartMark(), "more than %d aliases".formatted(MAX_ALIASES));
      }
    }
  }

  private ConfigException at(Optional<Mark> mark, String message) {
    return problems.fatal(
        mark.map(m -> m.getLine() + 1).orElse(0),
        mark.map(m -> m.getColumn() + 1).orElse(0),
        message);
  }

  /** Most often the brace that YAML did not expect is that of a reference. */
  private String hint(Optional<Mark> mark) {
    return mark.filter(m -> text.startsWith("${", offset(m.getIndex()) - 1)).isPresent()
        ? "; a ${NAME} within { } or [ ] needs quotes around its text"
        : "";
  }

  private int offset(int codePoints) {
    return text.offsetByCodePoints(0, codePoints);
  }

  private ConfigException notAllowed(ReaderException e) {
    String before = text.substring(0, offset(e.getPosition()));
    int line = 1 + (int) before.chars().filter(c -> c == '\n').count();
    int column = 1 + before.codePointCount(before.lastIndexOf('\n') + 1, before.length());
    return problems.fatal(
        line, column, "the character U+%04X is not allowed".formatted(e.getCodePoint()));
  }
}
