package dev.stalk.worker.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Reads a worker's configuration from a YAML 1.2 file.
 *
 * <pre>{@code
 * name: reports@%h
 * broker: { url: "${REDIS_URL:redis://localhost:6379/0}", visibility-timeout: 1h }
 * results: { expires: 1d }
 * defaults: { threads: 8 }
 * queues:
 *   celery:
 *   payments: { threads: 16, buffer: 32 }
 * shutdown-timeout: 25s
 * tasks: [com.acme.MathTasks]
 * }</pre>
 *
 * Values, but not keys, may hold {@code ${NAME}} or {@code ${NAME:default}} for an environment
 * variable. Where {@code broker} is silent, {@code REDIS_URL}, {@code REDIS_MAX_CONNECTIONS} and
 * {@code REDIS_SOCKET_TIMEOUT} speak. What is not understood is refused, never ignored. No objects
 * are built from tags, and size, depth and aliases are bounded.
 */
public final class WorkerYaml {
  private final BrokerYaml broker;
  private final WorkerConfig.Builder worker = WorkerConfig.builder();
  private final QueueConfig.Builder defaults = QueueConfig.builder();

  private WorkerYaml(BrokerYaml broker) {
    this.broker = broker;
  }

  /**
   * Reads a file, with the variables of this process.
   *
   * @throws ConfigException with all that is wrong with it
   */
  public static WorkerConfig load(Path file) {
    return load(file, System.getenv());
  }

  /**
   * Reads a file.
   *
   * @param environment the variables, by name
   * @throws ConfigException with all that is wrong with it
   */
  public static WorkerConfig load(Path file, Map<String, String> environment) {
    return parse(file.toString(), content(file), environment);
  }

  private static String content(Path file) {
    Problems problems = new Problems(file.toString());
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(YamlDocument.MAX_SIZE + 1);
      if (bytes.length > YamlDocument.MAX_SIZE) {
        throw YamlDocument.tooLarge(problems);
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IOException e) {
      throw problems.fatal("cannot read the file: " + reason(e), e);
    }
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "it does not exist";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    return e instanceof CharacterCodingException
        ? "it is not UTF-8"
        : String.valueOf(e.getMessage());
  }

  /**
   * Reads a text.
   *
   * @param sourceName what errors call it
   * @param environment the variables, by name
   * @throws ConfigException with all that is wrong with it
   */
  public static WorkerConfig parse(
      String sourceName, String text, Map<String, String> environment) {
    Problems problems = new Problems(sourceName);
    WorkerYaml yaml = new WorkerYaml(new BrokerYaml(problems, environment));
    YamlSection.read(
        YamlDocument.root(text, problems), problems, new Substitution(environment), yaml::read);
    problems.throwIfAny();
    return yaml.worker.build();
  }

  private void read(YamlSection root) {
    root.text("name", name -> worker.name(WorkerConfig.nodeName(name)));
    worker.broker(broker.read(root));
    root.section("defaults", section -> readQueue(section, defaults));
    root.namedSections("queues", WorkerConfig::checkQueueName, this::readQueue);
    root.duration("shutdown-timeout", this::readShutdownTimeout);
    root.texts("tasks", this::readTask);
  }

  private void readQueue(String name, YamlSection section) {
    QueueConfig.Builder queue = defaults.copy();
    readQueue(section, queue);
    worker.queue(name, queue.build());
  }

  /** The record has the rules, so each value is tried on one before it is kept. */
  private static void readQueue(YamlSection section, QueueConfig.Builder queue) {
    section.integer("threads", count -> queue.threads(new QueueConfig(count, 0).threads()));
    section.integer("buffer", count -> queue.buffer(new QueueConfig(1, count).buffer()));
    TaskYaml.read(section, change -> queue.tasks(change.apply(queue.tasks())));
  }

  private void readShutdownTimeout(Duration timeout) {
    WorkerConfig.checkShutdownTimeout(timeout);
    worker.shutdownTimeout(timeout);
  }

  private void readTask(String className) {
    WorkerConfig.checkTask(className);
    worker.task(className);
  }
}
