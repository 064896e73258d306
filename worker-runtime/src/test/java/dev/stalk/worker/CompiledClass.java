package dev.stalk.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;

/** Classes such as the build does not make: of the default package, without parameter names. */
final class CompiledClass {
  private CompiledClass() {}

  /** Compiles a source and makes an object of its class, which has no package. */
  static Object instance(Path folder, String className, String source, String... options) {
    try {
      Path file = Files.writeString(folder.resolve(className + ".java"), source, UTF_8);
      compile(file, options);
      return load(folder, className).getDeclaredConstructor().newInstance();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void compile(Path file, String... options) {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("-proc:none", "-cp", System.getProperty("java.class.path")));
    arguments.add(file.toString());
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    if (status != 0) {
      throw new IllegalArgumentException("the source does not compile");
    }
  }

  @SuppressWarnings("resource") // the class may load more as long as it lives
  private static Class<?> load(Path folder, String className)
      throws MalformedURLException, ClassNotFoundException {
    URL[] path = {folder.toUri().toURL()};
    return Class.forName(
        className, true, new URLClassLoader(path, CompiledClass.class.getClassLoader()));
  }
}
