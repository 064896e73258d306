package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** A typo in any key of the complete file is found, and found in its place. */
class WorkerYamlTyposTest {
  private static final Path COMPLETE = Path.of("src/test/resources/config/complete.yaml");
  private static final Pattern KEY = Pattern.compile("( *)([a-z][a-z-]*):.*");
  private static final List<String> QUEUE_NAMES =
      List.of("celery", "payments", "mail", "careful", "bulk", "pool");

  private record Typo(int line, int column, String key, List<String> file) {}

  @RepeatedTest(500)
  void aTypoInAKeyIsFoundInItsLine(RepetitionInfo repetition) throws Exception {
    Typo typo = typo(new Random(repetition.getCurrentRepetition()));

    ConfigException refused =
        catchThrowableOfType(
            ConfigException.class,
            () -> WorkerYaml.parse("worker.yaml", String.join("\n", typo.file), Map.of()));

    assertThat(refused).as(typo.key).isNotNull();
    assertThat(refused.problems())
        .anySatisfy(
            problem -> {
              assertThat(problem.line()).isEqualTo(typo.line);
              assertThat(problem.column()).isEqualTo(typo.column);
              assertThat(problem.path()).endsWith(typo.key);
              assertThat(problem.message()).startsWith("unknown key");
            });
  }

  private static Typo typo(Random random) throws Exception {
    List<String> lines = new ArrayList<>(Files.readAllLines(COMPLETE));
    while (true) {
      int index = random.nextInt(lines.size());
      Matcher key = KEY.matcher(lines.get(index));
      if (key.matches() && !QUEUE_NAMES.contains(key.group(2))) {
        String wrong = mutated(key.group(2), random);
        if (!wrong.equals(key.group(2))) {
          String line = lines.get(index);
          lines.set(index, key.group(1) + wrong + line.substring(key.end(2)));
          return new Typo(index + 1, key.group(1).length() + 1, wrong, lines);
        }
      }
    }
  }

  private static String mutated(String key, Random random) {
    int at = random.nextInt(key.length());
    char letter = (char) ('a' + random.nextInt(26));
    return switch (random.nextInt(4)) {
      case 0 -> key.substring(0, at) + letter + key.substring(at);
      case 1 -> key.substring(0, at) + letter + key.substring(at + 1);
      case 2 -> key.length() > 2 && at > 0 ? key.substring(0, at) + key.substring(at + 1) : key;
      default ->
          at == 0
              ? key
              : key.substring(0, at - 1)
                  + key.charAt(at)
                  + key.charAt(at - 1)
                  + key.substring(at + 1);
    };
  }
}
