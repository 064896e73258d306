package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.stalk.worker.config.WorkerYaml;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds what the documents show to what there is: Java and Python code stands in the samples, which
 * are compiled and run, YAML is read, commands are parsed, links lead somewhere.
 */
class DocumentationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)\n(.*?)^```$");
  private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:|#)([^)#]+)");

  record Block(Path document, String language, String text) {
    @Override
    public String toString() {
      return ROOT.relativize(document) + ": " + text.lines().findFirst().orElse("");
    }
  }

  private static List<Path> documents() {
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      List<Path> all = new ArrayList<>(docs.filter(f -> f.toString().endsWith(".md")).toList());
      all.add(ROOT.resolve("README.md"));
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<Block> blocks(String language) {
    return documents().stream()
        .flatMap(
            document ->
                BLOCK
                    .matcher(read(document))
                    .results()
                    .filter(block -> block.group(1).equals(language))
                    .map(block -> new Block(document, language, block.group(2))));
  }

  /** The testkit's own tests hold the code of its page. */
  static Stream<Block> java() {
    return blocks("java").filter(block -> !block.document().endsWith("testing.md"));
  }

  static Stream<Block> python() {
    return blocks("python");
  }

  static Stream<Block> yaml() {
    return blocks("yaml").filter(block -> block.text().contains("queues:"));
  }

  static Stream<String> stalkCommands() {
    return blocks("bash")
        .flatMap(block -> block.text().lines())
        .filter(line -> line.startsWith("./stalk "))
        .map(line -> line.substring("./stalk ".length()));
  }

  @ParameterizedTest
  @MethodSource("java")
  void javaCodeStandsInACompiledSample(Block block) {
    assertThat(sources("samples/src/main/java", ".java"))
        .anyMatch(source -> source.contains(trimmed(block.text())));
  }

  @ParameterizedTest
  @MethodSource("python")
  void pythonCodeStandsInASample(Block block) {
    assertThat(sources("samples/python", ".py"))
        .anyMatch(source -> source.contains(trimmed(block.text())));
  }

  @ParameterizedTest
  @MethodSource("yaml")
  void yamlIsAValidConfiguration(Block block) {
    assertThatNoException()
        .isThrownBy(() -> WorkerYaml.parse(block.toString(), block.text(), Map.of()));
  }

  @ParameterizedTest
  @MethodSource("stalkCommands")
  void commandsAreUnderstood(String command) {
    assertThatNoException().isThrownBy(() -> Stalk.commandLine().parseArgs(words(command)));
  }

  @ParameterizedTest
  @MethodSource("documents")
  void linksLeadSomewhere(Path document) {
    Matcher links = LINK.matcher(read(document));
    while (links.find()) {
      assertThat(document.resolveSibling(links.group(1)).normalize()).exists();
    }
  }

  private static String[] words(String command) {
    String bare = command.replaceFirst("\\s+#.*", "");
    return Pattern.compile("'([^']*)'|(\\S+)")
        .matcher(bare)
        .results()
        .map(word -> word.group(1) == null ? word.group(2) : word.group(1))
        .toArray(String[]::new);
  }

  private static List<String> sources(String folder, String ending) {
    try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
      return files
          .filter(file -> file.toString().endsWith(ending))
          .map(file -> trimmed(read(file)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The lines without indentation and blank ones. */
  private static String trimmed(String text) {
    return text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .reduce("", (all, line) -> all + line + "\n");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
