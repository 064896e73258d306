package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OutputLogTest {
  /** One each: on two processors the common pool has one thread, and these wait for each other. */
  private static final Executor THREADS = task -> new Thread(task, "output-log-test").start();

  private static final Duration LONG = Duration.ofSeconds(30);

  private final OutputLog log = new OutputLog();

  @Test
  void aLinePrintedBeforeIsFound() throws Exception {
    read("one\ntwo\n");

    assertThat(log.await("two"::equals, LONG)).contains("two");
    assertThat(log.lines()).containsExactly("one", "two");
  }

  @Test
  void aLinePrintedLaterIsWaitedFor() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    try (PipedOutputStream printer = new PipedOutputStream();
        PipedInputStream printed = new PipedInputStream(printer)) {
      CompletableFuture<Void> reader =
          CompletableFuture.runAsync(() -> log.readFrom(printed), THREADS);
      CompletableFuture<Void> author =
          CompletableFuture.runAsync(
              () -> {
                try (printer) {
                  printer.write("first\n".getBytes(StandardCharsets.UTF_8));
                  printer.flush();
                  waiting.await();
                  printer.write("second\n".getBytes(StandardCharsets.UTF_8));
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              },
              THREADS);

      // the predicate meets the first line, and only then is the second one printed
      assertThat(
              log.await(
                  line -> {
                    waiting.countDown();
                    return line.equals("second");
                  },
                  LONG))
          .contains("second");
      author.join();
      reader.join();
    }
  }

  @Test
  void theEndOfTheOutputEndsTheWait() throws Exception {
    read("one\n");

    assertThat(log.await("two"::equals, LONG)).isEmpty();
  }

  @Test
  void theWaitEndsInTime() throws Exception {
    assertThat(log.await(line -> true, Duration.ofMillis(1))).isEmpty();
  }

  @Test
  void onlyTheLastLinesAreKept() {
    int printed = 5 * OutputLog.KEPT;
    read(IntStream.range(0, printed).mapToObj(i -> i + "\n").collect(Collectors.joining()));

    assertThat(log.lines()).hasSizeBetween(OutputLog.KEPT, 2 * OutputLog.KEPT);
    assertThat(log.lines()).endsWith(Integer.toString(printed - 1));
    assertThat(log.tail(2)).isEqualTo(" Its last lines:\n" + (printed - 2) + "\n" + (printed - 1));
  }

  @Test
  void noOutputIsSaidToBeNone() {
    read("");

    assertThat(log.tail(5)).isEqualTo(" It printed nothing.");
  }

  private void read(String text) {
    log.readFrom(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }
}
