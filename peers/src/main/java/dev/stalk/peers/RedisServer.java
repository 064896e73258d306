package dev.stalk.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Redis server of its own, on 127.0.0.1, that can be killed, restarted and frozen.
 *
 * <p>It saves no snapshots, and keeps what a kill leaves over only with {@code appendonly yes}. By
 * default it is the program named by the system property {@code stalk.peers.redis-server}, else the
 * one in the embedded-redis artifact, on a free port, in a fresh temporary directory.
 *
 * <p>Safe for use by many threads: what changes the process happens one at a time; commands, {@link
 * #freeze} and {@link #thaw} wait for nobody. Failures to start are {@link
 * PeerUnavailableException}s with the server's last lines.
 *
 * <pre>{@code
 * try (RedisServer redis = RedisServer.builder().argument("appendonly", "yes").start()) {
 *   redis.command("LPUSH", "emails", "one");
 *   redis.kill();
 *   redis.restart();
 *   assertThat(redis.command("LLEN", "emails")).isEqualTo(1L);
 * }
 * }</pre>
 */
public final class RedisServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RedisServer.class);
  private static final String PROPERTY = "stalk.peers.redis-server";
  private static final Duration REPLY = Duration.ofSeconds(10);
  private static final int PORTS_TRIED = 10;

  private final RedisLaunch launch;
  private final Workspace workspace;
  private final int port;

  /** Written under the monitor, read by all. */
  private volatile ChildProcess process;

  /** Guarded by the monitor. */
  private boolean closed;

  private RedisServer(RedisLaunch launch, Workspace workspace, int port, ChildProcess process) {
    this.launch = launch;
    this.workspace = workspace;
    this.port = port;
    this.process = process;
    log.debug("redis-server {} listens on 127.0.0.1:{}", process.pid(), port);
  }

  /** Starts a server with nothing special about it. */
  public static RedisServer start() {
    return builder().start();
  }

  /** A server to be described. */
  public static Builder builder() {
    return new Builder();
  }

  /** The port, the same for all its life. */
  public int port() {
    return port;
  }

  /** The address of database 0, such as {@code redis://127.0.0.1:20123/0}; without a password. */
  public String url() {
    return url(0);
  }

  /** The address of a database; without a password. */
  public String url(int database) {
    return "redis://127.0.0.1:" + port + "/" + database;
  }

  /** The number of the process, another one after each restart. */
  public long pid() {
    return process.pid();
  }

  /** Whether the process is there, frozen or not. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** What the server has printed since it was last started, its last few thousand lines. */
  public List<String> output() {
    return process.output().lines();
  }

  /**
   * Runs one command in database 0, on a connection of its own; see {@link #command(int,
   * String...)}.
   */
  public @Nullable Object command(String... words) {
    return command(0, words);
  }

  /**
   * Runs one command on a connection of its own, with the password if the server was given one.
   *
   * @return the reply: a {@link Long}, a {@link String}, a {@link List} of replies, or null. Text
   *     is read as UTF-8, and as ISO-8859-1 if it is not UTF-8.
   * @throws IllegalStateException if the server answers with an error, which is the message
   * @throws PeerUnavailableException if there is no answer within ten seconds, as from a server
   *     that is dead or frozen
   */
  public @Nullable Object command(int database, String... words) {
    try (RedisConnection connection = launch.connect(port, REPLY)) {
      if (database != 0) {
        connection.call("SELECT", Integer.toString(database));
      }
      return connection.call(words);
    } catch (IOException e) {
      throw new PeerUnavailableException(
          "redis-server on port " + port + " did not answer " + words[0] + ": " + e + ".", e);
    }
  }

  /**
   * Kills the server with SIGKILL and waits until it is gone. Nothing is flushed, as in a crash.
   * Does nothing to a dead one.
   */
  public synchronized void kill() {
    process.kill();
  }

  /**
   * Starts the server again on the same port, in the same directory, with the same arguments, and
   * waits until it has loaded its data and answers. One that still runs is killed first.
   *
   * @throws IllegalStateException after {@link #close}
   * @throws PeerUnavailableException if it does not start, or the port was taken meanwhile
   */
  public synchronized void restart() {
    if (closed) {
      throw new IllegalStateException("this redis-server was closed");
    }
    process.kill();
    process = launch.start(port);
  }

  /** Stops the process with SIGSTOP: its connections stay open, and nothing answers. */
  public void freeze() {
    process.freeze();
  }

  /** Lets a frozen server go on, with SIGCONT. */
  public void thaw() {
    process.thaw();
  }

  /** Kills the server and deletes its directory, if that is a temporary one. */
  @Override
  public synchronized void close() {
    closed = true;
    process.kill();
    workspace.close();
  }

  /** Describes a server. For one thread. */
  public static final class Builder {

    private @Nullable Path binary;
    private @Nullable Path directory;
    private final List<List<String>> settings = new ArrayList<>();
    private IntSupplier ports = Loopback::freePort;
    private int portsTried = PORTS_TRIED;

    private Builder() {}

    /**
     * The program to run, such as {@code /usr/bin/redis-server}, in place of the embedded one. It
     * must be the server itself, or a script that ends in {@code exec}.
     */
    public Builder binary(Path program) {
      this.binary = program;
      return this;
    }

    /** The port to listen on, in place of any free one. */
    public Builder port(int number) {
      this.ports = () -> number;
      this.portsTried = 1;
      return this;
    }

    /**
     * A setting of the server, as in its configuration file, such as {@code ("appendonly", "yes")},
     * {@code ("requirepass", "secret")} or {@code ("save", "60", "1")}.
     */
    public Builder argument(String name, String... values) {
      List<String> setting = new ArrayList<>(List.of(name));
      setting.addAll(Arrays.asList(values));
      settings.add(List.copyOf(setting));
      return this;
    }

    /** Where the server keeps its files, in place of a temporary directory. It is left alone. */
    public Builder directory(Path existing) {
      this.directory = existing;
      return this;
    }

    /** Where free ports come from, so that a test can offer one that is taken. */
    Builder ports(IntSupplier source) {
      this.ports = source;
      return this;
    }

    /**
     * Starts the server and waits until it answers.
     *
     * @throws PeerUnavailableException if it cannot be started or is not ready within 90 seconds
     */
    public RedisServer start() {
      Path program = program();
      Workspace workspace =
          directory == null ? Workspace.temporary("stalk-redis-") : Workspace.given(directory);
      try {
        return start(new RedisLaunch(program, workspace.path(), List.copyOf(settings)), workspace);
      } catch (RuntimeException e) {
        workspace.close();
        throw e;
      }
    }

    private Path program() {
      String asked = System.getProperty(PROPERTY, "");
      if (binary == null && asked.isEmpty()) {
        return EmbeddedRedis.binary();
      }
      Path program = binary == null ? Path.of(asked) : binary;
      if (!Files.isExecutable(program)) {
        throw new PeerUnavailableException(
            "There is no program %s. Install Redis, or leave out %s."
                .formatted(program, binary == null ? "the property " + PROPERTY : "binary(...)"));
      }
      return program;
    }

    /** A free port may be taken by somebody else before the server has it: then another one. */
    private RedisServer start(RedisLaunch launch, Workspace workspace) {
      @Nullable PortTakenException taken = null;
      for (int attempt = 0; attempt < portsTried; attempt++) {
        int port = ports.getAsInt();
        try {
          return new RedisServer(launch, workspace, port, launch.start(port));
        } catch (PortTakenException e) {
          log.debug("port {} was taken meanwhile", port);
          taken = e;
        }
      }
      throw Objects.requireNonNull(taken);
    }
  }
}
