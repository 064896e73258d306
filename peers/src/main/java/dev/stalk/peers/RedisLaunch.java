package dev.stalk.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How one Redis server is started, again and again: everything but the port.
 *
 * @param binary the program
 * @param directory where it keeps its files
 * @param settings further configuration, each a name and its values
 */
record RedisLaunch(Path binary, Path directory, List<List<String>> settings) {

  private static final Duration STARTUP = Duration.ofSeconds(90);
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);

  /**
   * Starts a server and waits until it answers commands.
   *
   * @throws PortTakenException if somebody else listens on the port
   * @throws PeerUnavailableException if the server ends, or is not ready in time
   */
  ChildProcess start(int port) {
    ChildProcess process =
        ChildProcess.start(
            "redis-" + port, new ProcessBuilder(command(port)).redirectErrorStream(true));
    try {
      awaitReady(process, port);
      return process;
    } catch (RuntimeException e) {
      process.kill();
      throw e;
    }
  }

  private List<String> command(int port) {
    List<String> command = new ArrayList<>();
    command.add(binary.toString());
    command.addAll(List.of("--port", Integer.toString(port)));
    command.addAll(List.of("--bind", "127.0.0.1"));
    command.addAll(List.of("--dir", directory.toString()));
    command.addAll(List.of("--save", ""));
    for (List<String> setting : settings) {
      command.add("--" + setting.get(0));
      command.addAll(setting.subList(1, setting.size()));
    }
    return command;
  }

  private void awaitReady(ChildProcess process, int port) {
    long deadline = System.nanoTime() + STARTUP.toNanos();
    while (!isReady(process, port)) {
      if (process.ended(BETWEEN_LOOKS)) {
        throw startFailed(process, port);
      }
      if (System.nanoTime() > deadline || Thread.currentThread().isInterrupted()) {
        throw process.trouble("redis-server on port " + port + " did not become ready.");
      }
    }
  }

  private static PeerUnavailableException startFailed(ChildProcess process, int port) {
    boolean taken =
        process.output().lines().stream().anyMatch(line -> line.contains("already in use"));
    return taken
        ? new PortTakenException("Port " + port + " on 127.0.0.1 is in use.")
        : process.trouble("redis-server on port " + port + " did not start.");
  }

  private boolean isReady(ChildProcess process, int port) {
    try (RedisConnection connection = connect(port, ANSWER)) {
      connection.call("PING");
      return isServedBy(process.pid(), connection);
    } catch (RedisErrorReply refusal) {
      return !refusal.isLoading() && process.isAlive();
    } catch (IOException e) {
      return false;
    }
  }

  /** Whoever has taken our port meanwhile also answers, until our server finds out and ends. */
  private static boolean isServedBy(long pid, RedisConnection connection) throws IOException {
    return String.valueOf(connection.call("INFO", "server")).contains("process_id:" + pid + "\r");
  }

  /**
   * Connects to the server, with its password where it has one.
   *
   * @throws RedisErrorReply if the server does not take the password
   */
  RedisConnection connect(int port, Duration patience) throws IOException {
    RedisConnection connection = RedisConnection.open(port, patience);
    try {
      if (password().isPresent()) {
        connection.call("AUTH", password().get());
      }
      return connection;
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private Optional<String> password() {
    return settings.stream()
        .filter(setting -> setting.get(0).equals("requirepass"))
        .map(setting -> setting.get(1))
        .reduce((earlier, later) -> later);
  }
}
