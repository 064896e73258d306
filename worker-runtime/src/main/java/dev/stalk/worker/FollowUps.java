package dev.stalk.worker;

import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.codec.ResultTuple;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.UnroutableException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a message says is to be done after its task: callbacks and the next step of its chain when
 * it succeeds (celery {@code app/trace.py:trace_task}), errbacks when it fails (celery {@code
 * backends/base.py:Backend.mark_as_failure}). Only plain signatures are known here; groups, chords
 * and members of chords are refused before the task begins. Immutable.
 */
final class FollowUps {
  private static final Logger log = LoggerFactory.getLogger(FollowUps.class);

  private final TaskMessage message;
  private final MessageFactory messages;
  private final Function<Route, List<String>> queuesOf;
  private final ContentConfig content;
  private final Instant now;
  private final List<EmbeddedSignature> callbacks;
  private final List<EmbeddedSignature> errbacks;
  private final List<EmbeddedSignature> chain;

  private FollowUps(
      TaskMessage message,
      MessageFactory messages,
      Function<Route, List<String>> queuesOf,
      ContentConfig content,
      Instant now) {
    this.message = message;
    this.messages = messages;
    this.queuesOf = queuesOf;
    this.content = content;
    this.now = now;
    this.callbacks = read("callbacks");
    this.errbacks = read("errbacks");
    this.chain = read("chain");
    Object chord = message.body().embed().get("chord");
    if (chord != null && !(chord instanceof List<?> list && list.isEmpty())) {
      throw new IllegalArgumentException("chord");
    }
  }

  /**
   * Reads what follows.
   *
   * @throws IllegalArgumentException if this worker cannot do it; the message names the part
   */
  static FollowUps of(
      TaskMessage message,
      MessageFactory messages,
      Function<Route, List<String>> queuesOf,
      ContentConfig content,
      Instant now) {
    return new FollowUps(message, messages, queuesOf, content, now);
  }

  private List<EmbeddedSignature> read(String part) {
    Object value = message.body().embed().get(part);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> signatures)) {
      throw new IllegalArgumentException(part);
    }
    List<EmbeddedSignature> read = new ArrayList<>();
    for (Object signature : signatures) {
      try {
        read.add(EmbeddedSignature.of(signature));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(part + " (" + e.getMessage() + ")", e);
      }
    }
    return read;
  }

  /** Messages, and the tasks they call as Celery's result tuples. */
  record Sent(List<Effect> effects, List<@Nullable Object> children) {
    static final Sent NOTHING = new Sent(List.of(), List.of());

    private Sent() {
      this(new ArrayList<>(), new ArrayList<>());
    }
  }

  /**
   * Callbacks, then the next step of the chain, each with the value before its own arguments.
   * Several callbacks are one child, their group (celery {@code canvas.py:group.apply_async}).
   *
   * @throws EncodingException if the value has no form in JSON
   * @throws UnroutableException if one goes through an exchange that leads nowhere
   */
  Sent afterSuccess(@Nullable Object value) {
    if (callbacks.isEmpty() && chain.isEmpty()) {
      return Sent.NOTHING;
    }
    Sent sent = new Sent();
    List<EmbeddedSignature> called = callbacks.stream().map(this::heir).toList();
    sendAll(called, value, called.size() > 1, sent);
    if (!chain.isEmpty()) {
      EmbeddedSignature next = chain.get(chain.size() - 1);
      List<Object> rest = new ArrayList<>();
      chain.subList(0, chain.size() - 1).forEach(step -> rest.add(step.raw()));
      send(heir(next.before(rest)), value, sent);
    }
    return sent;
  }

  /** With this task's priority in place of its own, if that is inherited. */
  private EmbeddedSignature heir(EmbeddedSignature signature) {
    Integer priority = messages.inheritedPriority(message);
    return priority == null ? signature : signature.with("priority", priority);
  }

  /**
   * What follows a failure.
   *
   * @param unsent why an errback could not be sent; null if all could
   */
  record Failures(List<Effect> effects, @Nullable String unsent) {}

  /**
   * The same failure for every further step of the chain, then the errbacks, each with this task's
   * id before its own arguments. One that cannot be sent, as its queue is not declared for example,
   * keeps neither the failure nor the others.
   */
  Failures afterFailure(
      RemoteException failure, @Nullable String traceback, boolean stored, Instant failed) {
    Sent sent = new Sent();
    if (stored) {
      for (EmbeddedSignature step : chain) {
        String id = step.text("task_id");
        if (id != null) {
          TaskResult result =
              new TaskResult(
                  id,
                  TaskState.FAILURE,
                  null,
                  failure,
                  traceback,
                  ResultCodec.dateDone(failed),
                  null,
                  List.of());
          sent.effects()
              .add(
                  new Effect.StoreResult(
                      id, ResultCodec.encode(result, step.text("group_id"), Map.of(), content)));
        }
      }
    }
    return new Failures(sent.effects(), sendErrbacks(sent));
  }

  private @Nullable String sendErrbacks(Sent sent) {
    if (errbacks.isEmpty()) {
      return null;
    }
    String group = UUID.randomUUID().toString();
    String unsent = null;
    for (int i = 0; i < errbacks.size(); i++) {
      try {
        var unused = send(errbacks.get(i), message.headers().id(), group, i, sent);
      } catch (IllegalArgumentException | BrokerException | EncodingException e) {
        log.error("task {}: an errback cannot be sent", OneLine.of(message.headers().id()), e);
        unsent = OneLine.of("an errback could not be sent: " + e.getMessage());
      }
    }
    return unsent;
  }

  private void sendAll(
      List<EmbeddedSignature> signatures, @Nullable Object value, boolean grouped, Sent sent) {
    if (!grouped) {
      signatures.forEach(signature -> send(signature, value, sent));
      return;
    }
    String group = UUID.randomUUID().toString();
    List<@Nullable Object> members = new ArrayList<>();
    for (int i = 0; i < signatures.size(); i++) {
      members.add(ResultTuple.ofTask(send(signatures.get(i), value, group, i, sent)));
    }
    sent.children().add(ResultTuple.ofGroup(group, members));
  }

  private void send(EmbeddedSignature signature, @Nullable Object value, Sent sent) {
    String id = send(signature, value, null, null, sent);
    if (signature.isAddedToParent()) {
      sent.children().add(ResultTuple.ofTask(id));
    }
  }

  private String send(
      EmbeddedSignature signature,
      @Nullable Object value,
      @Nullable String group,
      @Nullable Integer index,
      Sent sent) {
    TaskMessage next = signature.message(message, messages, value, group, index, now);
    for (Publication copy : messages.publications(next, queuesOf)) {
      sent.effects().add(new Effect.Publish(copy));
    }
    return next.headers().id();
  }

  /** One signature of an embed (celery {@code canvas.py:Signature}), plain and complete. */
  private record EmbeddedSignature(
      Map<String, @Nullable Object> raw, Map<String, @Nullable Object> options) {

    static EmbeddedSignature of(@Nullable Object value) {
      Map<String, @Nullable Object> raw = map(value, "a signature");
      Map<String, @Nullable Object> options = map(raw.get("options"), "options");
      if (!(raw.get("task") instanceof String task) || task.isEmpty()) {
        throw new IllegalArgumentException("a signature without a task");
      }
      if (raw.get("subtask_type") != null) {
        throw new IllegalArgumentException("a " + raw.get("subtask_type"));
      }
      for (String part : List.of("chord", "chain")) {
        Object nested = options.get(part);
        if (nested != null && !(nested instanceof List<?> list && list.isEmpty())) {
          throw new IllegalArgumentException("a signature with a " + part);
        }
      }
      return new EmbeddedSignature(raw, options);
    }

    private static Map<String, @Nullable Object> map(@Nullable Object value, String what) {
      if (!(value instanceof Map<?, ?> map)) {
        throw new IllegalArgumentException("no " + what);
      }
      Map<String, @Nullable Object> texts = new HashMap<>();
      map.forEach((name, item) -> texts.put(String.valueOf(name), item));
      return texts;
    }

    @Nullable String text(String option) {
      return options.get(option) instanceof String text && !text.isEmpty() ? text : null;
    }

    /** Celery {@code app/base.py:Celery.send_task}. */
    boolean isAddedToParent() {
      return !Boolean.FALSE.equals(options.get("add_to_parent"));
    }

    /** A copy that goes on with these steps. */
    EmbeddedSignature before(List<Object> steps) {
      return with("chain", steps);
    }

    EmbeddedSignature with(String option, Object value) {
      Map<String, @Nullable Object> changed = new HashMap<>(options);
      changed.put(option, value);
      return new EmbeddedSignature(raw, changed);
    }

    TaskMessage message(
        TaskMessage parent,
        MessageFactory messages,
        @Nullable Object value,
        @Nullable String group,
        @Nullable Integer index,
        Instant now) {
      List<@Nullable Object> args = new ArrayList<>();
      if (!Boolean.TRUE.equals(raw.get("immutable"))) {
        args.add(value);
      }
      if (raw.get("args") instanceof List<?> own) {
        args.addAll(own);
      }
      Map<String, @Nullable Object> kwargs =
          raw.get("kwargs") instanceof Map<?, ?> own ? map(own, "kwargs") : Map.of();
      Map<String, @Nullable Object> changed = new HashMap<>(options);
      if (group != null) {
        changed.putIfAbsent("group_id", group);
        changed.putIfAbsent("group_index", index);
      }
      return messages.followUp(parent, String.valueOf(raw.get("task")), args, kwargs, changed, now);
    }
  }
}
