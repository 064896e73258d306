package dev.stalk.benchmarks.pieces;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.Publication;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Values to bytes and back. */
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up before anything else
public class MessagePieces {
  private static final String TAG = "7d2c1c4e-6a53-4d0e-8f65-0a6c1b1c5a11";

  /** How long the argument is that makes most of the message. */
  @Param({"10", "1024", "102400"})
  public int payload;

  private final MessageFactory factory =
      new MessageFactory(BrokerConfig.builder().build(), Clock.systemUTC());
  private TaskSignature signature;
  private TaskMessage message;
  private byte[] encoded;
  private List<Object> arguments;

  /** Makes a message of that size. */
  @Setup
  public void prepare() {
    arguments = List.of("x".repeat(payload), 42, Map.of("key", List.of(1.5, true)));
    signature = TaskSignature.of("bench.nothing", arguments.toArray()).on("celery");
    message = factory.message(signature);
    encoded = MessageCodec.encode(message, TAG);
  }

  /** A call becomes a message: ids, times, text forms. */
  @Benchmark
  public TaskMessage make() {
    return factory.message(signature);
  }

  /** A message becomes bytes. */
  @Benchmark
  public byte[] encode() {
    return MessageCodec.encode(message, TAG);
  }

  /** A call becomes bytes to be published: all a sender does but for the sending. */
  @Benchmark
  public Publication makeAndEncode() {
    return factory.publication(factory.message(signature));
  }

  /** Bytes become a message. */
  @Benchmark
  public TaskMessage decode() {
    return MessageCodec.decode(encoded);
  }

  /** Arguments as Python shows them. */
  @Benchmark
  public String repr() {
    return MessageCodec.argsRepr(arguments);
  }

  /** An outcome becomes the bytes that are stored. */
  @Benchmark
  public byte[] result() {
    String id = message.headers().id();
    String done = ResultCodec.dateDone(Instant.now());
    TaskResult result =
        new TaskResult(id, TaskState.SUCCESS, arguments.get(0), null, null, done, null, List.of());
    return ResultCodec.encode(result, null);
  }
}
