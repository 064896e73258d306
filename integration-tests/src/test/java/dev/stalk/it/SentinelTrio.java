package dev.stalk.it;

import dev.stalk.peers.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Two servers, one the master of the other, and three Sentinels that watch them and want a
 * password.
 */
final class SentinelTrio implements AutoCloseable {
  static final String MASTER = "mymaster";
  static final String SENTINEL_PASSWORD = "watch";

  private final RedisServer master;
  private final RedisServer replica;
  private final List<RedisServer> sentinels = new ArrayList<>();

  /** Starts all five, and waits until the Sentinels know each other and the replica. */
  SentinelTrio(Path directory) throws IOException {
    master = RedisServer.builder().binary(DebianRedis.server()).start();
    replica =
        RedisServer.builder()
            .binary(DebianRedis.server())
            .argument("replicaof", "127.0.0.1", Integer.toString(master.port()))
            .argument("repl-diskless-sync-delay", "0")
            .start();
    for (int i = 0; i < 3; i++) {
      sentinels.add(sentinel(Files.createDirectory(directory.resolve("sentinel-" + i))));
    }
    Interop.await("the replica is in step", () -> info(replica).contains("master_link_status:up"));
    Interop.await(
        "the Sentinels know each other and the replica",
        () -> sentinels.stream().allMatch(SentinelTrio::isReady));
  }

  private RedisServer sentinel(Path directory) throws IOException {
    Path configuration = directory.resolve("sentinel.conf");
    Files.writeString(
        configuration,
        """
        sentinel monitor mymaster 127.0.0.1 %d 2
        sentinel down-after-milliseconds mymaster 1000
        sentinel failover-timeout mymaster 6000
        sentinel parallel-syncs mymaster 1
        sentinel sentinel-pass %s
        """
            .formatted(master.port(), SENTINEL_PASSWORD));
    return RedisServer.builder()
        .binary(program(directory))
        .directory(directory)
        .argument("requirepass", SENTINEL_PASSWORD)
        .start();
  }

  /** A program that runs as a Sentinel with the {@code sentinel.conf} of a directory. */
  static Path program(Path directory) throws IOException {
    Path program = directory.resolve("sentinel");
    Files.writeString(
        program,
        "#!/bin/sh\nexec %s %s/sentinel.conf --sentinel \"$@\"\n"
            .formatted(DebianRedis.server(), directory));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return program;
  }

  private static boolean isReady(RedisServer sentinel) {
    String known = String.valueOf(sentinel.command("SENTINEL", "MASTER", MASTER));
    return known.contains("num-other-sentinels, 2") && known.contains("num-slaves, 1");
  }

  private static String info(RedisServer server) {
    return String.valueOf(server.command("INFO", "replication"));
  }

  /** Waits until the replica has everything that was written at the master so far. */
  void awaitReplica() {
    long written = offset(master, "master_repl_offset");
    Interop.await("the replica has it all", () -> offset(replica, "slave_repl_offset") >= written);
  }

  private static long offset(RedisServer server, String name) {
    return Long.parseLong(info(server).replaceFirst("(?s).*\\b" + name + ":(\\d+).*", "$1"));
  }

  RedisServer master() {
    return master;
  }

  RedisServer replica() {
    return replica;
  }

  /** The address of the three, in kombu's form. */
  String url(int database) {
    List<String> parts =
        sentinels.stream()
            .map(sentinel -> "sentinel://127.0.0.1:%d/%d".formatted(sentinel.port(), database))
            .toList();
    return String.join(";", parts);
  }

  /** Kombu's transport options for them, as JSON. */
  static String options() {
    return "{\"master_name\": \"%s\", \"sentinel_kwargs\": {\"password\": \"%s\"}}"
        .formatted(MASTER, SENTINEL_PASSWORD);
  }

  @Override
  public void close() {
    sentinels.forEach(RedisServer::close);
    replica.close();
    master.close();
  }
}
