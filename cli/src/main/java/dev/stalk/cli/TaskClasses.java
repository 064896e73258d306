package dev.stalk.cli;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The user's own classes, beside those of the command. */
final class TaskClasses {
  private static final String ALL_JARS = File.separator + "*";

  private TaskClasses() {}

  /**
   * Loads classes from a class path: jars and directories, and {@code lib/*} for all jars of a
   * directory.
   *
   * @throws IllegalArgumentException if something on it does not exist
   */
  static ClassLoader loader(String classPath) {
    List<URL> urls = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      if (entry.endsWith(ALL_JARS) || entry.equals("*")) {
        addJars(entry, urls);
      } else if (!entry.isEmpty()) {
        urls.add(url(Path.of(entry), entry));
      }
    }
    return new URLClassLoader(
        "tasks", urls.toArray(URL[]::new), TaskClasses.class.getClassLoader());
  }

  private static void addJars(String entry, List<URL> urls) {
    Path directory = Path.of(entry.substring(0, entry.length() - 1));
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(directory, "*.{jar,JAR}")) {
      int before = urls.size();
      jars.forEach(jar -> urls.add(url(jar, entry)));
      if (urls.size() == before) {
        throw new IllegalArgumentException("--classpath: no jar in " + directory);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("--classpath: cannot list the jars of " + directory, e);
    }
  }

  private static URL url(Path path, String entry) {
    if (!Files.isReadable(path)) {
      throw new IllegalArgumentException("--classpath: cannot read " + entry);
    }
    try {
      return path.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException("--classpath: " + entry, e);
    }
  }
}
