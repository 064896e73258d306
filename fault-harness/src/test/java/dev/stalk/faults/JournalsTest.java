package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalsTest {
  private static final Clock AT_FIVE = Clock.fixed(Instant.ofEpochMilli(5), ZoneOffset.UTC);

  @TempDir private Path directory;

  @Test
  void beginningsAndEndsBecomeExecutions() {
    try (Journal journal = Journal.open(directory, "java-1.1", AT_FIVE)) {
      journal.began("a");
      journal.began("b");
      journal.done("a");
    }

    assertThat(new Journals(directory).executions())
        .isEqualTo(
            Map.of(
                "a", List.of(new Execution("a", "java-1.1", 5, 5)),
                "b", List.of(new Execution("b", "java-1.1", 5, Execution.NEVER))));
  }

  @Test
  void executionsOfAllWorkersAreInOrder() throws Exception {
    Files.writeString(directory.resolve("java-1.1.journal"), "B a 20\nE a 25\n");
    Files.writeString(directory.resolve("python-1.1.journal"), "B a 10\n");

    assertThat(new Journals(directory).executions().get("a"))
        .extracting(Execution::worker)
        .containsExactly("python-1.1", "java-1.1");
  }

  @Test
  void aLineThatIsBeingWrittenIsLeftForTheNextLook() throws Exception {
    Files.writeString(directory.resolve("java-1.1.journal"), "B a 20\nE a 2");

    assertThat(new Journals(directory).executions().get("a"))
        .containsExactly(new Execution("a", "java-1.1", 20, Execution.NEVER));
  }

  @Test
  void whoLivesGoesOnWritingAfterItsJournalWasEmptied() throws Exception {
    Files.writeString(directory.resolve("java-1.1.journal"), "B old 1\n");
    Files.writeString(directory.resolve("java-2.1.journal"), "B older 1\n");
    try (Journal living = Journal.open(directory, "java-1.1", AT_FIVE)) {
      Journals journals = new Journals(directory);

      journals.clear(Set.of("java-1.1"));
      living.began("new");

      assertThat(journals.executions().keySet()).containsExactly("new");
      assertThat(directory.resolve("java-2.1.journal")).doesNotExist();
    }
  }

  @Test
  void standstillsGoToTheTimeline() throws Exception {
    Files.writeString(
        directory.resolve("java-1.1.journal"), "S 100 900\n", StandardOpenOption.CREATE);
    Timeline timeline = new Timeline();

    new Journals(directory).standstills(timeline);

    assertThat(timeline.helpless("java-1.1")).containsExactly(new Span(100, 900));
  }
}
