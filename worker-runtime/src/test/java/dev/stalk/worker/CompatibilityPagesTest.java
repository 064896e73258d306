package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code docs/compatibility.md} and {@code docs/transport-checklist.md} name is there. */
class CompatibilityPagesTest {
  private static final Path ROOT = Path.of("..");

  /** A class with its method, a class, or, behind one of these, a method of the same class. */
  private static final Pattern TEST =
      Pattern.compile("`(?:(\\w+(?:IT|Test))(?:\\.(\\w+)(\u2026?))?|([a-z]\\w*[a-z])(\u2026?))`");

  private static final Pattern ROW = Pattern.compile("(?m)^\\| *([^|]*?) *\\|.*\\|([^|]*)\\| *$");
  private static final Pattern NUMBER = Pattern.compile("(TP|RT)-(\\d+)");

  private final Map<String, String> sources = sources();

  private static Map<String, String> sources() {
    Map<String, String> sources = new HashMap<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.toList()) {
        Path tests = module.resolve(Path.of("src", "test", "java"));
        if (Files.isDirectory(tests)) {
          try (Stream<Path> files = Files.walk(tests)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
              String name = file.getFileName().toString().replace(".java", "");
              sources.merge(name, Files.readString(file), String::concat);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sources;
  }

  /** The class with the contract it inherits. */
  private @Nullable String source(String type) {
    String source = sources.get(type);
    if (source == null) {
      return null;
    }
    Matcher parent = Pattern.compile("class " + type + " extends (\\w+)").matcher(source);
    return parent.find() ? source + sources.get(parent.group(1)) : source;
  }

  private static String page(String name) {
    try {
      return Files.readString(ROOT.resolve("docs").resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isTestMethod(String source, String name, boolean cut) {
    return Pattern.compile("void " + Pattern.quote(name) + (cut ? "\\w*" : "") + "\\(")
        .matcher(source)
        .find();
  }

  @ParameterizedTest
  @ValueSource(strings = {"compatibility.md", "transport-checklist.md"})
  void everyTestThatIsNamedExists(String page) {
    List<String> missing = new ArrayList<>();
    int found = 0;
    for (Matcher row = ROW.matcher(page(page)); row.find(); ) {
      if (!NUMBER.matcher(row.group(1)).find()) {
        continue;
      }
      String type = "";
      for (Matcher test = TEST.matcher(row.group(2)); test.find(); found++) {
        String method = test.group(1) == null ? test.group(4) : test.group(2);
        boolean cut = "\u2026".equals(test.group(1) == null ? test.group(5) : test.group(3));
        type = test.group(1) == null ? type : test.group(1);
        String source = source(type);
        if (source == null || (method != null && !isTestMethod(source, method, cut))) {
          missing.add(row.group(1) + ": " + test.group());
        }
      }
    }

    assertThat(missing).isEmpty();
    assertThat(found).as("tests named in the page").isGreaterThan(50);
  }

  @ParameterizedTest
  @ValueSource(strings = {"compatibility.md, TP, 72", "transport-checklist.md, RT, 57"})
  void noLineIsLeftOut(String what) {
    String[] words = what.split(", ", -1);
    Set<Integer> numbers = new TreeSet<>();
    for (Matcher row = ROW.matcher(page(words[0])); row.find(); ) {
      NUMBER
          .matcher(row.group(1))
          .results()
          .filter(each -> each.group(1).equals(words[1]))
          .forEach(each -> numbers.add(Integer.valueOf(each.group(2))));
    }

    assertThat(numbers)
        .containsAll(
            IntStream.rangeClosed(1, Integer.parseInt(words[2]))
                .boxed()
                .collect(Collectors.toSet()));
  }

  @Test
  void whatIsSaidToBeSoNamesATest() {
    for (Matcher row = ROW.matcher(page("compatibility.md")); row.find(); ) {
      boolean shown = row.group().contains("| yes") || row.group().contains("| differs");
      if (NUMBER.matcher(row.group(1)).find() && shown) {
        assertThat(row.group(2)).as(row.group(1)).matches(text -> TEST.matcher(text).find());
      }
    }
  }
}
