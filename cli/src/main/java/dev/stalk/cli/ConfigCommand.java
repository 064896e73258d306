package dev.stalk.cli;

import dev.stalk.worker.config.LoadedConfig;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks at a worker's files without running one. */
@Command(
    name = "config",
    description = {
      "Looks at the YAML files of a worker, without starting it and without a broker.",
      "Of several files the later is laid over the earlier."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {ExitCodes.OK_LINE, ExitCodes.USAGE_LINE, ExitCodes.INTERNAL_LINE})
final class ConfigCommand {
  private static final String SCHEMA = "worker.schema.json";
  private static final int LONGEST = 60;

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  @Command(
      name = "check",
      description = "Tells everything that is wrong with the files, with its place; else nothing.",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class)
  int check(@Parameters(arity = "1..*", paramLabel = "FILE") List<Path> files) {
    var unused = WorkerYaml.load(files, System.getenv());
    return ExitCodes.OK;
  }

  @Command(
      name = "show",
      description =
          "Prints every setting, its effective value and where that came from. Passwords are"
              + " masked.",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class)
  int show(
      @Parameters(arity = "1..*", paramLabel = "FILE") List<Path> files,
      @Option(names = "--json", description = "Print a JSON array with an object for each setting.")
          boolean json) {
    LoadedConfig loaded = WorkerYaml.load(files, System.getenv());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.line(loaded.settings().stream().map(ConfigCommand::object).toList()));
    } else {
      print(loaded.settings(), out);
    }
    return ExitCodes.OK;
  }

  private static Map<String, Object> object(LoadedConfig.Setting setting) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("key", setting.key());
    object.put("value", setting.value());
    object.put("origin", setting.origin());
    return object;
  }

  private static void print(List<LoadedConfig.Setting> settings, PrintWriter out) {
    int keys = settings.stream().mapToInt(setting -> setting.key().length()).max().orElse(0);
    List<String> lines = new ArrayList<>();
    for (LoadedConfig.Setting setting : settings) {
      String value = setting.value().isEmpty() ? "-" : setting.value();
      String padding = " ".repeat(Math.max(0, Math.min(LONGEST, keys) - setting.key().length()));
      lines.add("%s%s  %-24s  %s".formatted(setting.key(), padding, value, setting.origin()));
    }
    lines.forEach(out::println);
  }

  @Command(
      name = "schema",
      description = "Prints the JSON Schema of a worker's file, for editors.",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class)
  int schema() throws IOException {
    try (InputStream in = WorkerConfig.class.getResourceAsStream(SCHEMA)) {
      if (in == null) {
        throw new IOException(SCHEMA + " is missing in the jar");
      }
      spec.commandLine().getOut().print(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
    return ExitCodes.OK;
  }
}
