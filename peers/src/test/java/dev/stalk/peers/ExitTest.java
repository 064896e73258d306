package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What becomes of peers whose virtual machine goes without closing them. */
class ExitTest {

  @Test
  void aPeerAndItsFilesGoWhenTheVirtualMachineExits() throws Exception {
    try (Owner owner = Owner.start()) {
      owner.exit();

      owner.redis.onExit().get(60, TimeUnit.SECONDS);
      assertThat(owner.directory).doesNotExist();
      assertThat(owner.program.getParent()).doesNotExist();
    }
  }

  @Test
  void aPeerGoesWhenTheVirtualMachineIsKilled() throws Exception {
    try (Owner owner = Owner.start()) {
      owner.kill();

      owner.redis.onExit().get(60, TimeUnit.SECONDS);
      FileTree.delete(owner.directory);
      FileTree.delete(owner.program.getParent());
    }
  }

  /** Another virtual machine with a Redis server of its own. */
  private record Owner(Process jvm, ProcessHandle redis, Path directory, Path program)
      implements AutoCloseable {

    static Owner start() throws IOException {
      Path java = Path.of(System.getProperty("java.home"), "bin", "java");
      Process jvm =
          new ProcessBuilder(
                  java.toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  OwnerMain.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader told = jvm.inputReader(StandardCharsets.UTF_8);
      return new Owner(
          jvm,
          ProcessHandle.of(Long.parseLong(told.readLine())).orElseThrow(),
          Path.of(told.readLine()),
          Path.of(told.readLine()));
    }

    void exit() throws Exception {
      jvm.getOutputStream().close();
      assertThat(jvm.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }

    void kill() throws Exception {
      jvm.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
      redis.destroyForcibly();
      jvm.destroyForcibly();
    }
  }

  /** Starts a server from a thread that ends at once, tells of it, and exits when it is told to. */
  static final class OwnerMain {

    private OwnerMain() {}

    @SuppressWarnings("resource") // that it is not closed is the point
    public static void main(String[] none) throws Exception {
      FutureTask<RedisServer> starting = new FutureTask<>(RedisServer::start);
      Thread starter = new Thread(starting, "starter");
      starter.start();
      starter.join();

      RedisServer redis = starting.get();
      List<?> directory = (List<?>) redis.command("CONFIG", "GET", "dir");
      System.out.println(redis.pid());
      System.out.println(directory.get(1));
      System.out.println(EmbeddedRedis.binary());
      while (System.in.read() >= 0) {}
      System.exit(0);
    }
  }
}
