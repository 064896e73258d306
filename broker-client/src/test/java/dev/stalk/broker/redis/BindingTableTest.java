package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BindingTableTest {
  private static final String SEPARATOR = "\u0006\u0016";

  private static BindingTable table(String... members) {
    return BindingTable.of(
        List.of(members).stream().map(member -> member.replace("|", SEPARATOR)).toList(),
        SEPARATOR);
  }

  @Test
  void aDirectBindingMatchesItsOwnKeyOnly() {
    BindingTable table = table("red||a", "red||b", "blue||c", "||empty");

    assertThat(table.queues("red")).containsExactly("a", "b");
    assertThat(table.queues("re")).isEmpty();
    assertThat(table.queues("")).containsExactly("empty");
  }

  /** Patterns as kombu writes them; what they match is what Python's {@code re.match} says. */
  @ParameterizedTest
  @CsvSource({
    "foo.bar, foo-all",
    "foo.x.y, foo-all",
    "foo, ''",
    "foo., foo-all",
    "foo.x.b_a-r, foo-all star",
    "foo.x.y.b_a-r, foo-all star",
    "xfoo.bar, ''"
  })
  void aTopicBindingMatchesAsKombusPatternDoes(String key, String queues) {
    BindingTable table =
        table("foo.#|^foo\\..*?$|foo-all", "foo.*.b_a-r|^foo\\..*?[^\\.]\\.b\\_a\\-r$|star");

    assertThat(String.join(" ", table.queues(key))).isEqualTo(queues);
  }

  @Test
  void aQueueBoundTwiceIsNamedOnce() {
    assertThat(table("a.#|^a\\..*?$|q", "a.b|^a\\.b$|q").queues("a.b")).containsExactly("q");
  }

  @Test
  void whatIsNoBindingIsLeftOut() {
    assertThat(table("nonsense", "a|b|c|d", "k|*(|q", "k||q").queues("k")).containsExactly("q");
  }
}
