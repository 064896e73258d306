package dev.stalk.samples;

import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.RejectTask;
import dev.stalk.worker.RetryTask;
import dev.stalk.worker.Task;
import dev.stalk.worker.TaskContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/** A task that uses what {@code docs/tasks.md} describes: limits, retries, states, follow-ups. */
public class ShopTasks {
  private final Bank bank;

  /** What the tasks need; a {@code TaskFactory} hands it in. */
  public interface Bank {
    /**
     * Charges an account.
     *
     * @return the bank's reference, empty if it is busy
     * @throws IOException if the bank cannot be reached
     */
    String charge(String account, long cents) throws IOException;
  }

  /** What is bought. */
  public record Order(String id, String account, long cents) {}

  /** What was paid. */
  public record Receipt(String order, String reference) {}

  /** Makes the tasks of one bank. */
  public ShopTasks(Bank bank) {
    this.bank = bank;
  }

  /** Charges for an order, and has a mail sent from Python. */
  @Task(
      value = "shop.charge",
      softTimeLimit = "20s",
      timeLimit = "30s",
      autoRetryFor = IOException.class,
      retryBackoff = "1s")
  public Receipt charge(TaskContext context, Order order) throws IOException {
    if (order.cents() <= 0) {
      throw RejectTask.discard("nothing to pay for order " + order.id());
    }
    context.updateState("PROGRESS", Map.of("charging", order.cents()));
    String reference = bank.charge(order.account(), order.cents());
    if (reference.isEmpty()) {
      throw RetryTask.after(Duration.ofSeconds(30)).because(new IOException("the bank is busy"));
    }
    context.send(TaskSignature.of("shop.mail", order.id()).on("python")); // this task is its parent
    return new Receipt(order.id(), reference);
  }
}
