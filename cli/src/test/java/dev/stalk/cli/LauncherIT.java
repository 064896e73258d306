package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The script at the root of the checkout. */
@Timeout(300)
class LauncherIT {
  private static final Path SCRIPT = Path.of("..", "stalk").toAbsolutePath().normalize();

  @TempDir private Path directory;

  private final Map<String, String> environment =
      new HashMap<>(Map.of("STALK_NO_BUILD", "1", "JAVA_HOME", System.getProperty("java.home")));

  @BeforeAll
  static void isThere() {
    assertThat(SCRIPT).isExecutable();
  }

  @AfterEach
  void removeLinks() throws Exception {
    for (String link : List.of("link", "second", "checkout/cli/target/lib")) {
      Files.deleteIfExists(directory.resolve(link));
    }
  }

  private String run(int expectedCode, String... command) throws Exception {
    try (StalkProcess process = StalkProcess.start(environment, List.of(command))) {
      assertThat(process.exitCode()).as(process.output()).isEqualTo(expectedCode);
      return process.output();
    }
  }

  @Test
  void theCommandRunsFromAnywhereAndThroughLinks() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("link"), SCRIPT);
    Path second = Files.createSymbolicLink(directory.resolve("second"), Path.of("link"));

    assertThat(run(0, SCRIPT.toString(), "--version")).startsWith("stalk ");
    assertThat(run(0, link.toString(), "--version")).startsWith("stalk ");
    assertThat(run(0, second.toString(), "--version")).startsWith("stalk ");
    assertThat(run(0, "sh", "-c", "cd / && PATH=" + directory + ":$PATH second --version"))
        .startsWith("stalk ");
  }

  @Test
  void exitCodesAndArgumentsPassThrough() throws Exception {
    assertThat(run(2, SCRIPT.toString(), "a b", "*")).contains("'a b'", "'*'");
    assertThat(run(69, SCRIPT.toString(), "queues", "--url", "redis://127.0.0.1:1"))
        .contains("cannot reach Redis");
  }

  @Test
  void lettersOutsideAsciiSurviveWithoutALocale() throws Exception {
    environment.put("LC_ALL", "C");

    assertThat(run(2, SCRIPT.toString(), "grüße")).contains("'grüße'");
  }

  @Test
  void shortCommandsStartQuicklyAndWorkersRunFast() throws Exception {
    environment.put("STALK_JAVA_OPTS", "-XX:+PrintFlagsFinal -Xmx64m");

    assertThat(run(0, SCRIPT.toString(), "send", "--help"))
        .containsPattern("TieredStopAtLevel +=  *1 ")
        .containsPattern("MaxHeapSize +=  *67108864 ");
    assertThat(run(0, SCRIPT.toString(), "worker", "--help"))
        .containsPattern("TieredStopAtLevel +=  *4 ")
        .containsPattern("UseSerialGC +=  *true ")
        .containsPattern("NewSize +=  *16777216 ");
  }

  @Test
  void aCollectorThatWasChosenIsTheOnlyOne() throws Exception {
    environment.put("STALK_JAVA_OPTS", "-XX:+PrintFlagsFinal -XX:+UseG1GC");

    assertThat(run(0, SCRIPT.toString(), "worker", "--help"))
        .containsPattern("UseG1GC +=  *true ")
        .containsPattern("UseSerialGC +=  *false ");
  }

  @Test
  void aMissingOrOldJavaIsToldInOneLine() throws Exception {
    environment.put("JAVA_HOME", directory.toString());
    assertThat(run(70, SCRIPT.toString(), "--version"))
        .startsWith("stalk: there is no bin/java in JAVA_HOME")
        .contains("17 or newer");

    oldJava();
    assertThat(run(70, SCRIPT.toString(), "--version")).contains("is version 11.0.2.");

    Files.delete(directory.resolve("release"));
    assertThat(run(70, SCRIPT.toString(), "--version")).contains("is version 1.8.0_402.");
  }

  /** Where there is no file that tells the version, the program itself is asked. */
  private void oldJava() throws Exception {
    Files.writeString(directory.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    Path java = Files.createDirectory(directory.resolve("bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void aSourceThatIsNewerThanTheJarIsBuiltAndAFailedBuildIsShown() throws Exception {
    Path checkout = checkout("echo compiled; cp ../jar cli/target/stalk.jar");
    environment.remove("STALK_NO_BUILD");
    String script = checkout.resolve("stalk").toString();

    assertThat(run(0, script, "--version")).startsWith("stalk: building...\nstalk ");
    assertThat(run(0, script, "--version")).startsWith("stalk ").doesNotContain("building");

    Path source = checkout.resolve("cli/src/main/New.java");
    Files.writeString(source, "");
    assertThat(run(0, script, "--version")).contains("building").doesNotContain("compiled");
    assertThat(run(0, script, "--version")).doesNotContain("building");

    Files.delete(source);
    checkout("echo 'New.java: error'; exit 1");
    assertThat(run(70, script, "--version"))
        .contains("New.java: error", "stalk: the build failed")
        .doesNotContain("Java ");
    checkout("cp ../jar cli/target/stalk.jar");
    assertThat(run(0, script, "--version")).contains("building");
  }

  @Test
  void manyFirstUsesBuildOnce() throws Exception {
    Path checkout = checkout("echo . >>../builds; sleep 1; cp ../jar cli/target/stalk.jar");
    environment.remove("STALK_NO_BUILD");
    List<StalkProcess> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(
          StalkProcess.start(
              environment, List.of(checkout.resolve("stalk").toString(), "--version")));
    }

    for (StalkProcess process : processes) {
      assertThat(process.exitCode()).as(process.output()).isZero();
    }
    assertThat(Files.readAllLines(directory.resolve("builds"))).hasSize(1);
  }

  @Test
  void aBuildWritesDownTheClassesOfWorkersAndTheyMapThem() throws Exception {
    Path target = builtCheckout();
    environment.put("STALK_JAVA_OPTS", "-Xlog:class+load");
    List<Path> files = list(target);

    assertThat(archive(target)).isNotEmptyFile();
    assertThat(runWorker()).contains("shared objects file (top)");
    assertThat(list(target)).as("a worker writes nothing there").isEqualTo(files);

    environment.put("STALK_CLASS_ARCHIVE", "0");
    assertThat(runWorker()).doesNotContain("shared objects file (top)");
  }

  @Test
  void noArchiveAndNoOptionOfTheJvmKeepsAWorkerFromStarting() throws Exception {
    Path target = builtCheckout();
    Path archive = archive(target);
    byte[] good = Files.readAllBytes(archive);

    environment.put("STALK_JAVA_OPTS", "-Xshare:off");
    runWorker();
    environment.put(
        "STALK_JAVA_OPTS", "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=0");
    runWorker();
    Files.delete(archive);
    runWorker();
    environment.put("STALK_JAVA_OPTS", "-Xlog:class+load");
    Files.write(archive, new byte[6_000_000]);
    runWorker();
    Files.write(archive, new byte[0]);
    runWorker();
    Files.write(archive, good);
    Path jar = target.resolve("stalk.jar");
    Files.setLastModifiedTime(jar, FileTime.fromMillis(0));
    assertThat(runWorker()).as("of another jar").doesNotContain("shared objects file (top)");
    Files.delete(archive);
    Files.createDirectory(archive);
    runWorker();
  }

  private String runWorker() throws Exception {
    String script = directory.resolve("checkout/stalk").toString();
    String output = run(0, script, "worker", "--help");
    assertThat(output).contains("Usage: stalk worker");
    return output;
  }

  private Path builtCheckout() throws Exception {
    Path checkout = checkout("cp ../jar cli/target/stalk.jar");
    environment.remove("STALK_NO_BUILD");
    run(0, checkout.resolve("stalk").toString(), "--version");
    environment.put("STALK_NO_BUILD", "1");
    return checkout.resolve("cli/target");
  }

  private static List<Path> list(Path target) throws IOException {
    try (Stream<Path> files = Files.list(target)) {
      return files.sorted().toList();
    }
  }

  private static Path archive(Path target) throws IOException {
    List<Path> archives =
        list(target).stream().filter(file -> file.toString().endsWith(".jsa")).toList();
    assertThat(archives).hasSize(1);
    return archives.get(0);
  }

  /** A checkout whose Maven does this. */
  private Path checkout(String maven) throws Exception {
    Path checkout = directory.resolve("checkout");
    Files.createDirectories(checkout.resolve("cli/src/main"));
    Files.copy(
        SCRIPT,
        checkout.resolve("stalk"),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.COPY_ATTRIBUTES);
    Path wrapper = checkout.resolve("mvnw");
    Files.writeString(wrapper, "#!/bin/sh\n" + maven + "\n");
    Files.setPosixFilePermissions(wrapper, PosixFilePermissions.fromString("rwx------"));
    if (!Files.exists(checkout.resolve("pom.xml"))) {
      Files.writeString(checkout.resolve("pom.xml"), "");
      Files.writeString(checkout.resolve("cli/pom.xml"), "");
      Files.copy(Path.of(System.getProperty("stalk.jar")), directory.resolve("jar"));
      Files.createDirectories(checkout.resolve("cli/target"));
      Files.createSymbolicLink(
          checkout.resolve("cli/target/lib"),
          Path.of(System.getProperty("stalk.jar")).resolveSibling("lib"));
    }
    return checkout;
  }
}
