package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class WorkerYamlSyntaxTest {
  @TempDir Path directory;

  private static ConfigException refused(String text) {
    return catchThrowableOfType(
        ConfigException.class, () -> WorkerYaml.parse("worker.yaml", text, Map.of()));
  }

  private static ConfigException refused(Path file) {
    return catchThrowableOfType(ConfigException.class, () -> WorkerYaml.load(file, Map.of()));
  }

  @Test
  void aSyntaxErrorHasItsPlace() {
    assertThat(refused("queues:\n  celery: {\n")).message().startsWith("worker.yaml:3:1: ");
    assertThat(refused("queues:\n\tcelery:\n"))
        .message()
        .startsWith("worker.yaml:2:1: found character '\\t(TAB)' that cannot start any token");
    assertThat(refused("queues: a: b"))
        .hasMessage("worker.yaml:1:10: mapping values are not allowed here");
    assertThat(refused("queues:\n  celery: *none"))
        .hasMessage("worker.yaml:2:11: found undefined alias none");
    assertThat(refused("queues: {}\n---\nqueues: {}"))
        .hasMessage("worker.yaml:2:1: but found another document");
  }

  @Test
  void aReferenceWithoutQuotesInBracesIsExplained() {
    assertThat(refused("# 😀\r\nbroker: { url: ${REDIS_URL} }"))
        .hasMessage(
            "worker.yaml:2:17: expected ',' or '}', but got {; a ${NAME} within { } or [ ] needs quotes around its text");
    assertThat(refused("tasks: [${TASKS:com.acme.Tasks}]"))
        .hasMessage(
            "worker.yaml:1:10: expected ',' or ']', but got {; a ${NAME} within { } or [ ] needs quotes around its text");
    assertThat(refused("{ name: \"${NAME}\" {"))
        .hasMessage("worker.yaml:1:19: expected ',' or '}', but got {");
  }

  @Test
  void aCharacterThatYamlForbidsHasItsPlace() {
    assertThat(refused("name: a\nqueues: {\n 😀: \u0007"))
        .hasMessage("worker.yaml:3:5: the character U+0007 is not allowed");
  }

  @Test
  void anUnknownVersionOfYamlIsRefused() {
    assertThat(refused("%YAML 2.0\n---\nqueues: { celery: }"))
        .hasMessage("worker.yaml:1:1: has a %YAML directive of an unknown version; 1.2 is known");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{", "- ", "? ", "[a: ", "{a: "})
  void deepNestingIsRefusedBeforeItCostsAnything(String opening) {
    assertThat(refused(opening.repeat(200_000)))
        .message()
        .startsWith("worker.yaml:1:")
        .endsWith(": more than 20 levels deep");
  }

  @ParameterizedTest
  @CsvSource({"5, 101", "[5], 101"})
  void aliasesAreBounded(String anchored, int aliases) {
    String text = "tasks: [&a " + anchored + ", " + "*a, ".repeat(aliases) + "]";

    assertThat(refused(text))
        .message()
        .startsWith("worker.yaml:1:")
        .endsWith("more than 100 aliases");
  }

  @Test
  void aliasesOfAliasesDoNotExplode() {
    StringBuilder text = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 30; i++) {
      text.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }

    assertThat(refused(text.toString()).problems()).hasSize(31);
  }

  @Test
  void mergedAliasesDoNotExplode() {
    StringBuilder text = new StringBuilder("a0: &a0 { x: 1, y: 2 }\n");
    for (int i = 1; i < 40; i++) {
      text.append("a%d: &a%d { <<: [*a%d, *a%d] }\n".formatted(i, i, i - 1, i - 1));
    }

    assertThat(refused(text.toString()).problems()).hasSize(41);
  }

  @Test
  void aTextOfMoreThanAMebibyteIsRefused() {
    assertThat(refused("#".repeat((1 << 20) + 1))).hasMessage("worker.yaml: is larger than 1 MiB");
    assertThat(refused("#".repeat(1 << 20))).message().contains("is empty");
  }

  @Test
  void aFileOfMoreThanAMebibyteIsRefused() throws Exception {
    Path file = directory.resolve("worker.yaml");
    Files.writeString(file, "#".repeat((1 << 20) + 1));

    assertThat(refused(file)).hasMessage(file + ": is larger than 1 MiB");
  }

  @Test
  void manyProblemsAreToldQuickly() {
    assertThat(refused("a: 1\n".repeat(10_000)).problems()).hasSizeGreaterThan(9_999);
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = directory.resolve("absent.yaml");

    assertThat(refused(file))
        .hasMessage(file + ": cannot read the file: it does not exist")
        .hasCauseInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aDirectoryIsNoFile() {
    assertThat(refused(directory)).message().startsWith(directory + ": cannot read the file: ");
  }

  @Test
  void aFileThatIsNotUtf8IsRefused() throws Exception {
    Path file = directory.resolve("worker.yaml");
    Files.write(file, "queues: { käse: }".getBytes(StandardCharsets.ISO_8859_1));

    assertThat(refused(file)).hasMessage(file + ": cannot read the file: it is not UTF-8");
  }

  @Test
  void noObjectsAreMadeFromTags() {
    assertThat(refused("name: !!javax.script.ScriptEngineManager [x]\nqueues: { celery: }"))
        .hasMessage("worker.yaml:1:7: name: must be a text, not a list with a tag");
  }

  @Test
  void anExceptionSurvivesSerialization() throws Exception {
    ConfigException refused = refused("queues: {}");
    var bytes = new java.io.ByteArrayOutputStream();
    try (var out = new java.io.ObjectOutputStream(bytes)) {
      out.writeObject(refused);
    }

    try (var in =
        new java.io.ObjectInputStream(new java.io.ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(((ConfigException) in.readObject()).problems()).isEqualTo(refused.problems());
    }
  }
}
