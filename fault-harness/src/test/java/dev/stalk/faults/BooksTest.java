package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.faults.AppendOnlyFile.Step;
import dev.stalk.faults.Inventory.Place;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BooksTest {
  private static final long NOW = 1_000_000;

  private final Ledger ledger = new Ledger();
  private final Timeline timeline = new Timeline();
  private final Map<String, List<Execution>> executions = new HashMap<>();
  private final Map<String, List<Place>> places = new HashMap<>();
  private final Set<String> succeeded = new HashSet<>();
  private final List<String> strays = new ArrayList<>();
  private final Map<String, List<Step>> traces = new HashMap<>();

  private void sent(String id, String queue, Ledger.Fate fate) {
    Load.Job job = new Load.Job(id, queue, 10, Duration.ZERO, 0);
    ledger.enter(new Ledger.Entry(job, "java", new Span(NOW, NOW + 5), fate));
  }

  private void ran(String id, String worker, long began, long ended) {
    executions
        .computeIfAbsent(id, name -> new ArrayList<>())
        .add(new Execution(id, worker, NOW + began, ended < 0 ? Execution.NEVER : NOW + ended));
    if (ended >= 0) {
      succeeded.add(id);
    }
  }

  private Books balance() {
    return Books.balance(
        ledger, executions, new Inventory(places, succeeded, strays, 0), timeline, () -> traces);
  }

  @Test
  void whatWasDoneOrIsStillThereBalances() {
    sent("done", "java", Ledger.Fate.SENT);
    ran("done", "java-1.1", 10, 20);
    sent("queued", "java", Ledger.Fate.SENT);
    places.put("queued", List.of(Place.QUEUED));
    sent("parked", "java", Ledger.Fate.SENT);
    places.put("parked", List.of(Place.PARKED));

    Books books = balance();

    assertThat(books.isBalanced()).isTrue();
    assertThat(books.done()).isEqualTo(1);
    assertThat(books.left()).isEqualTo(Map.of(Place.QUEUED, 1L, Place.PARKED, 1L));
    assertThat(books.lost()).isEmpty();
  }

  @Test
  void aConfirmedTaskThatIsNowhereIsLost() {
    sent("gone", "java", Ledger.Fate.SENT);

    Books books = balance();

    assertThat(books.lost()).containsExactly("gone");
    assertThat(books.violations()).singleElement().asString().contains("task gone was lost");
  }

  @Test
  void aTaskThatWasOnlyBegunIsLostToo() {
    sent("half", "java", Ledger.Fate.SENT);
    ran("half", "java-1.1", 10, -1);

    assertThat(balance().violations()).singleElement().asString().contains("task half was lost");
  }

  @Test
  void aTaskWhoseSendingFailedMayBeNowhere() {
    sent("perhaps", "java", Ledger.Fate.UNKNOWN);

    Books books = balance();

    assertThat(books.isBalanced()).isTrue();
    assertThat(books.unknown()).isEqualTo(1);
    assertThat(books.lost()).isEmpty();
  }

  @Test
  void aTaskWhoseSendingFailedMustNotBeLostOnceItWasBegun() {
    sent("perhaps", "java", Ledger.Fate.UNKNOWN);
    ran("perhaps", "java-1.1", 10, -1);

    assertThat(balance().lost()).containsExactly("perhaps");
  }

  @Test
  void whatACeleryWorkerHadPoppedIsCountedAndNotHeldAgainstStalk() {
    sent("popped", "shared", Ledger.Fate.SENT);
    traces.put("popped", List.of(new Step("LPUSH", "shared"), new Step("RPOP", "shared")));

    Books books = balance();

    assertThat(books.losses()).isEqualTo(Map.of(Loss.CELERY_POPPED, 1L));
    assertThat(books.isBalanced()).isTrue();
  }

  @Test
  void whatACeleryWorkerHadAcknowledgedIsCountedAndNotHeldAgainstStalk() {
    sent("early", "python", Ledger.Fate.SENT);
    traces.put("early", List.of(new Step("HSET", "tag"), new Step("HDEL", "tag")));

    Books books = balance();

    assertThat(books.losses()).isEqualTo(Map.of(Loss.CELERY_ACKED, 1L));
    assertThat(books.isBalanced()).isTrue();
  }

  @Test
  void whatAJavaWorkerHadLastIsHeldAgainstStalkOnASharedQueueToo() {
    sent("dropped", "shared", Ledger.Fate.SENT);
    traces.put(
        "dropped",
        List.of(
            new Step("RPOP", "shared"),
            new Step("RPUSH", "shared"),
            new Step("HSET", "stalk:held:w:0:1"),
            new Step("LTRIM", "shared"),
            new Step("HDEL", "stalk:held:w:0:1")));

    assertThat(balance().violations())
        .singleElement()
        .asString()
        .contains("was lost", "HDEL stalk:held:w:0:1");
  }

  @Test
  void aTaskThatIsDoneAndGoneNeedsItsResult() {
    sent("mute", "java", Ledger.Fate.SENT);
    ran("mute", "java-1.1", 10, 20);
    succeeded.clear();

    assertThat(balance().violations())
        .singleElement()
        .asString()
        .contains("its SUCCESS is not stored");
  }

  @Test
  void aTaskThatWasBegunAgainForNoReasonIsAViolation() {
    sent("twice", "java", Ledger.Fate.SENT);
    ran("twice", "java-1.1", 10, 20);
    ran("twice", "java-2.1", 5000, 5010);

    Books books = balance();

    assertThat(books.repeats()).isEqualTo(Map.of(Repeat.UNEXPLAINED, 1L));
    assertThat(books.violations())
        .singleElement()
        .asString()
        .contains("task twice was begun again for no reason");
  }

  @Test
  void aTaskWhoseWorkerWasKilledMayBeBegunAgain() {
    sent("twice", "java", Ledger.Fate.SENT);
    ran("twice", "java-1.1", 10, -1);
    timeline.died("java-1.1", NOW + 15);
    ran("twice", "java-2.1", 5000, 5010);

    Books books = balance();

    assertThat(books.isBalanced()).isTrue();
    assertThat(books.repeats()).isEqualTo(Map.of(Repeat.KILLED, 1L));
  }

  @Test
  void whatNobodySentIsAViolation() {
    ran("phantom", "java-1.1", 10, 20);

    assertThat(balance().violations())
        .singleElement()
        .asString()
        .contains("task phantom was run, but not sent");
  }

  @Test
  void whatNobodyShouldHaveLeftInRedisIsAViolation() {
    strays.add("the key surprise of type string");

    assertThat(balance().violations())
        .containsExactly("left in Redis: the key surprise of type string");
  }
}
