package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The making of an environment, by a shell script that stands in for Python. */
class VirtualEnvironmentTest {

  private static final Requirements REQUIREMENTS = new Requirements("celery==5.7.0\n");

  @TempDir private Path root;

  @Test
  void itIsMadeOnce() throws Exception {
    VirtualEnvironment environment = environment(python(""));
    List<String> progress = new ArrayList<>();

    environment.make(progress::add);
    environment.make(progress::add);

    assertThat(progress).singleElement().asString().startsWith("making a Python environment");
    assertThat(calls())
        .containsExactly("venv", "pip", "import celery.bin.celery, kombu.transport.redis");
    assertThat(environment.directory().resolve("requirements.txt")).hasContent("celery==5.7.0");
  }

  @Test
  void manyThreadsMakeItOnce() throws Exception {
    VirtualEnvironment environment = environment(python(""));

    CompletableFuture.allOf(
            Stream.generate(() -> CompletableFuture.runAsync(() -> environment.make(line -> {})))
                .limit(8)
                .toArray(CompletableFuture[]::new))
        .join();

    assertThat(calls()).filteredOn("venv"::equals).hasSize(1);
  }

  @Test
  void oneThatWasNotCompletedIsMadeAnew() throws Exception {
    Path leftOver = Files.createDirectories(root.resolve("env/lib")).resolve("half-a-package");
    Files.createFile(leftOver);

    environment(python("")).make(line -> {});

    assertThat(leftOver).doesNotExist();
    assertThat(calls()).hasSize(3);
  }

  @Test
  void oneWhoseInterpreterIsGoneIsMadeAnew() throws Exception {
    VirtualEnvironment environment = environment(python(""));
    environment.make(line -> {});
    Files.delete(environment.python());

    environment.make(line -> {});

    assertThat(calls()).hasSize(6);
    assertThat(environment.python()).isExecutable();
  }

  @Test
  void aMissingPythonIsToldWithTheRemedy() {
    VirtualEnvironment environment = environment("python-of-nobody");

    assertThatThrownBy(() -> environment.make(line -> {}))
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("no python-of-nobody")
        .hasMessageContaining("apt-get install python3-venv");
  }

  @Test
  void aMissingVenvModuleIsToldWithTheRemedy() throws Exception {
    String python = python("[ $2 = venv ] && echo 'ensurepip is not available.' && exit 1");
    VirtualEnvironment environment = environment(python);

    assertThatThrownBy(() -> environment.make(line -> {}))
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("-m venv")
        .hasMessageContaining("apt-get install python3-venv")
        .hasMessageEndingWith("ensurepip is not available.");
  }

  @Test
  void aFailureOfPipIsToldInItsWordsAndTriedAgainTheNextTime() throws Exception {
    Path refusal = Files.createFile(root.resolve("refusal"));
    VirtualEnvironment environment =
        environment(python("[ $2 = pip ] && [ -e " + refusal + " ] && echo 'no index' && exit 1"));

    assertThatThrownBy(() -> environment.make(line -> {}))
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("-m pip install")
        .hasMessageContaining("package index")
        .hasMessageEndingWith("no index");

    Files.delete(refusal);
    environment.make(line -> {});
    assertThat(calls()).endsWith("import celery.bin.celery, kombu.transport.redis");
  }

  @Test
  void aCeleryThatDoesNotRunOnThisPythonIsTold() throws Exception {
    VirtualEnvironment environment =
        environment(python("[ $1 = -c ] && echo 'ModuleNotFoundError' && exit 1"));

    assertThatThrownBy(() -> environment.make(line -> {}))
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("versions of Python")
        .hasMessageEndingWith("ModuleNotFoundError");
  }

  private VirtualEnvironment environment(String interpreter) {
    return new VirtualEnvironment(root.resolve("env"), REQUIREMENTS, interpreter);
  }

  /** A script that notes how it is called and makes an environment with itself as the Python. */
  private String python(String before) throws IOException {
    Path script = root.resolve("python");
    Files.writeString(
        script,
        String.join(
            "\n",
            "#!/bin/sh",
            before,
            "echo $2 >> " + root.resolve("calls"),
            "[ $2 = venv ] || exit 0",
            "mkdir -p $3/bin && cp $0 $3/bin/python"));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script.toString();
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(root.resolve("calls"));
  }
}
