package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskClassesTest {
  @TempDir private Path directory;

  @Test
  void aClassPathHasJarsDirectoriesAndStars() throws Exception {
    Path lib = Files.createDirectory(directory.resolve("lib"));
    Files.createFile(lib.resolve("a.jar"));
    Files.createFile(lib.resolve("readme.txt"));
    Path classes = Files.createDirectory(directory.resolve("classes"));

    List<String> found = urls(classes + File.pathSeparator + lib + "/*");

    assertThat(found).hasSize(2);
    assertThat(found.get(0)).endsWith("/classes/");
    assertThat(found.get(1)).endsWith("/lib/a.jar");
  }

  @Test
  void aDirectoryWithoutJarsIsRefused() {
    assertThatThrownBy(() -> urls(directory + "/*"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("--classpath: no jar in ");
  }

  private static List<String> urls(String classPath) throws Exception {
    try (URLClassLoader loader = (URLClassLoader) TaskClasses.loader(classPath)) {
      return Arrays.stream(loader.getURLs()).map(URL::toString).toList();
    }
  }
}
