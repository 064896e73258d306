package dev.stalk.worker.config;

import dev.stalk.broker.BrokerConfig;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads a worker's configuration from YAML 1.2 files.
 *
 * <pre>{@code
 * name: reports@%h
 * broker: { url: "${REDIS_URL:redis://localhost:6379/0}", visibility-timeout: 1h }
 * results: { expires: 1d }
 * defaults: { threads: 8 }
 * configs:
 *   careful: { circuit-breaker: { failure-rate-threshold: 20 } }
 * queues:
 *   celery:
 *   payments: { base-config: careful, threads: 16, buffer: 32 }
 *   bulk: { queues: [reports, exports], rate-limit: 100/m }
 * shutdown-timeout: 25s
 * tasks: [com.acme.MathTasks]
 * }</pre>
 *
 * Values, but not keys, may hold {@code ${NAME}} or {@code ${NAME:default}} for an environment
 * variable and {@code ${file:/path}} for the content of a file. Where {@code broker} is silent,
 * {@code REDIS_URL}, {@code REDIS_MAX_CONNECTIONS} and {@code REDIS_SOCKET_TIMEOUT} speak. Of
 * several files the later is laid over the earlier. What is not understood is refused, never
 * ignored. No objects are built from tags, and size, depth and aliases are bounded.
 */
public final class WorkerYaml {
  private final BrokerYaml broker;
  private final WorkerConfig.Builder worker = WorkerConfig.builder();
  private QueueYaml defaults = QueueYaml.NOTHING;
  private final Map<String, QueueYaml> configs = new LinkedHashMap<>();
  private final Map<String, String> baseOf = new LinkedHashMap<>();
  private Set<String> configNames = Set.of();

  private WorkerYaml(Reading reading, Map<String, String> environment) {
    this.broker = new BrokerYaml(reading, environment);
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
    return load(List.of(file), environment).config();
  }

  /**
   * Reads files as one. Sections are joined key by key; any other value, lists included, is that of
   * the last file that has it.
   *
   * @param files at least one, the later over the earlier
   * @param environment the variables, by name
   * @throws ConfigException with all that is wrong with them
   */
  public static LoadedConfig load(List<Path> files, Map<String, String> environment) {
    if (files.isEmpty()) {
      throw new IllegalArgumentException("a configuration needs a file");
    }
    List<String> sources = files.stream().map(Path::toString).toList();
    Problems problems = new Problems(sources);
    @Nullable Node all = null;
    for (Path file : files) {
      try {
        Node root = YamlDocument.root(file.toString(), content(file));
        all = all == null ? root : YamlFiles.overlay(all, root);
      } catch (ConfigException e) {
        if (files.size() == 1) {
          throw e;
        }
        problems.addAll(e.problems());
      }
    }
    problems.throwIfAny();
    return read(Objects.requireNonNull(all), problems, environment);
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

  static String reason(IOException e) {
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
    return parseText(sourceName, text, environment).config();
  }

  /** The same, with the places the values came from. */
  static LoadedConfig parseText(String sourceName, String text, Map<String, String> environment) {
    return read(YamlDocument.root(sourceName, text), new Problems(sourceName), environment);
  }

  private static LoadedConfig read(Node root, Problems problems, Map<String, String> environment) {
    Reading reading = new Reading(problems, new Substitution(environment), new Origins());
    WorkerYaml yaml = new WorkerYaml(reading, environment);
    YamlSection.read(root, reading, yaml::read);
    problems.throwIfAny();
    WorkerConfig config;
    try {
      config = yaml.worker.build();
    } catch (IllegalArgumentException e) { // a rule over several sections
      throw problems.fatal(String.valueOf(e.getMessage()), e);
    }
    return new LoadedConfig(config, EffectiveSettings.of(config, reading.origins(), yaml.baseOf));
  }

  private void read(YamlSection root) {
    root.text("name", name -> worker.name(WorkerConfig.nodeName(name)));
    BrokerConfig silent = broker.read(root);
    configNames = root.namesOf("configs");
    root.section("defaults", section -> defaults = QueueYaml.read(section));
    root.anyNamedSections("configs", name -> {}, this::readConfig);
    root.namedSections("queues", WorkerConfig::checkQueueName, this::readQueue);
    root.duration("shutdown-timeout", this::readShutdownTimeout);
    root.section("management", this::readManagement);
    root.texts("tasks", this::readTask);
    EventsYaml events = new EventsYaml();
    root.section("events", events::read);
    worker.events(events.told()).broker(events.travellingBy(silent));
  }

  private void readConfig(String name, YamlSection section) {
    readBase("configs." + name, name, section);
    configs.put(name, QueueYaml.read(section));
  }

  /** The configuration a section builds upon; one that would build upon itself is refused. */
  private void readBase(String path, String name, YamlSection section) {
    section.text(
        "base-config",
        base -> {
          if (!configNames.contains(base)) {
            throw new IllegalArgumentException(
                Suggestions.forUnknownName("configuration", base, configNames));
          }
          refuseCircle(path, name, base);
          baseOf.put(path, base);
        });
  }

  private void refuseCircle(String path, String name, String base) {
    if (!path.startsWith("configs.")) {
      return;
    }
    for (@Nullable String next = base; next != null; next = baseOf.get("configs." + next)) {
      if (next.equals(name)) {
        throw new IllegalArgumentException("builds upon itself through " + Excerpt.ofKey(base));
      }
    }
  }

  private void readQueue(String name, YamlSection section) {
    readBase("queues." + name, name, section);
    QueueConfig.Builder queue = QueueConfig.builder();
    section.textList("queues", WorkerConfig::checkQueueName, queue::queues);
    QueueYaml own = QueueYaml.read(section);
    section.check(
        "",
        () -> {
          defaults.applyTo(queue);
          applyBase(baseOf.get("queues." + name), queue);
          own.applyTo(queue);
          worker.queue(name, queue.build());
        });
  }

  /** The furthest base first, so that what is nearer is right. */
  private void applyBase(@Nullable String name, QueueConfig.Builder queue) {
    if (name == null) {
      return;
    }
    applyBase(baseOf.get("configs." + name), queue);
    configs.getOrDefault(name, QueueYaml.NOTHING).applyTo(queue);
  }

  private void readShutdownTimeout(Duration timeout) {
    WorkerConfig.checkShutdownTimeout(timeout);
    worker.shutdownTimeout(timeout);
  }

  private void readManagement(YamlSection section) {
    List<Integer> port = new ArrayList<>();
    List<String> address = new ArrayList<>(List.of(ManagementConfig.DEFAULT_ADDRESS));
    section.integer(
        "port",
        number -> port.add(new ManagementConfig(ManagementConfig.DEFAULT_ADDRESS, number).port()));
    section.text("address", text -> address.add(new ManagementConfig(text, 0).address()));
    if (!port.isEmpty()) {
      worker.management(new ManagementConfig(address.get(address.size() - 1), port.get(0)));
    }
  }

  private void readTask(String className) {
    WorkerConfig.checkTask(className);
    worker.task(className);
  }
}
