package dev.stalk.broker;

import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the names, ids and delays of a call on which a Python worker would end, or lose the call:
 * names and ids become keys in UTF-8 (celery {@code backends/base.py:get_key_for_task}), which has
 * no half surrogate pairs and elsewhere no NUL; delays of callbacks are added to the time there
 * (celery {@code app/amqp.py:AMQP.as_task_v2}). Stateless.
 */
final class PythonReadable {
  /** A thousand years: so far from Python's year 9999 that a callback may run at any time. */
  private static final Duration LONGEST_DELAY = Duration.ofDays(365_000);

  private PythonReadable() {}

  /**
   * Looks at a call and at all that follows it.
   *
   * @throws IllegalArgumentException if there is something, naming it and what to do
   */
  static void check(String task, SendOptions options) {
    check("", task, options);
  }

  private static void check(String place, String task, SendOptions options) {
    plain(place + "task", task);
    plain(place + "id", options.id());
    plain(place + "root id", options.rootId());
    plain(place + "parent id", options.parentId());
    plain(place + "reply to", options.replyTo());
    plain(place + "queue", options.queue());
    Route route = options.route();
    if (route != null) {
      plain(place + "exchange", route.exchange());
      plain(place + "routing key", route.routingKey());
    }
    whole(place + "shadow", options.shadow());
    whole(place + "args repr", options.argsRepr());
    whole(place + "kwargs repr", options.kwargsRepr());
    for (String name : options.headers().keySet()) {
      plain(place + "the name of a header", name);
    }
    for (String name : options.stamps().keySet()) {
      plain(place + "the name of a stamp", name);
    }
    following(place + "link", options.link());
    following(place + "link_error", options.linkError());
  }

  private static void following(String part, List<TaskSignature> signatures) {
    for (int i = 0; i < signatures.size(); i++) {
      TaskSignature next = signatures.get(i);
      String place = "%s[%d].".formatted(part, i);
      check(place, next.task(), next.options());
      delay(place + "countdown", next.options().countdown());
      delay(place + "expires", next.options().expiresAfter());
    }
  }

  private static void delay(String what, @Nullable Duration delay) {
    if (delay != null
        && (delay.compareTo(LONGEST_DELAY) > 0
            || delay.compareTo(LONGEST_DELAY.negated()) < 0)) { // the least one has no abs()
      throw new IllegalArgumentException(
          what + " is " + delay + ", longer than the thousand years that Python surely counts");
    }
  }

  /** Neither control characters nor half surrogate pairs. */
  private static void plain(String what, @Nullable String text) {
    whole(what, text);
    if (text != null && text.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          what + " holds a control character, which not every Python worker takes; leave it out");
    }
  }

  private static void whole(String what, @Nullable String text) {
    if (text != null && text.codePoints().anyMatch(PythonReadable::isHalfAPair)) {
      throw new IllegalArgumentException(
          what + " holds half a surrogate pair, which Python cannot write as UTF-8; leave it out");
    }
  }

  private static boolean isHalfAPair(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }
}
