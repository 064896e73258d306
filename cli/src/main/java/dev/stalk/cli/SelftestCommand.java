package dev.stalk.cli;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisConfig;
import dev.stalk.broker.redis.RedisSelfTest;
import dev.stalk.broker.redis.RedisSelfTest.Check;
import dev.stalk.broker.redis.RedisSelfTest.Status;
import dev.stalk.broker.transport.BrokerException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tries out the broker. */
@Command(
    name = "selftest",
    description = {
      "Tries out everything Stalk needs of the broker, and says what to do about what is missing.",
      "It writes one key that expires, and deletes it."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      "0:no check failed",
      "1:a check failed; with --strict: or warned",
      ExitCodes.USAGE_LINE,
      "69:the broker cannot be reached, or is loading its data",
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    })
final class SelftestCommand implements Callable<Integer> {

  @Option(names = "--strict", description = "Let warnings count as failures.")
  private boolean strict;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    BrokerConfig config = broker.config();
    RedisConfig redis = BrokerOptions.redis(config);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      List<Check> checks = RedisSelfTest.run(redis, check -> {});
      int code = exitCode(checks);
      out.println(Json.line(object(redis, checks, code)));
      return code;
    }
    List<Check> checks = RedisSelfTest.run(redis, check -> print(check, out));
    int code = exitCode(checks);
    printSummary(checks, out);
    return code;
  }

  private int exitCode(List<Check> checks) {
    for (Check check : checks) {
      BrokerException unusable = check.unusable();
      if (unusable != null) {
        return Failures.exitCode(unusable);
      }
    }
    boolean failed =
        checks.stream()
            .anyMatch(
                check ->
                    check.status() == Status.FAILED
                        || (strict && check.status() == Status.WARNING));
    return failed ? ExitCodes.FAILED : ExitCodes.OK;
  }

  private static void print(Check check, PrintWriter out) {
    out.printf("%-7s  %-21s  %s%n", word(check.status()), check.name(), check.detail());
    if (!check.remedy().isEmpty()) {
      out.printf("%-7s  %-21s  -> %s%n", "", "", check.remedy());
    }
  }

  /** What is not well stands out. */
  private static String word(Status status) {
    return status == Status.OK || status == Status.SKIPPED
        ? status.name().toLowerCase(Locale.ROOT)
        : status.name();
  }

  private static void printSummary(List<Check> checks, PrintWriter out) {
    out.printf(
        "%d checks: %d ok, %d warnings, %d failed, %d skipped%n",
        checks.size(),
        count(checks, Status.OK),
        count(checks, Status.WARNING),
        count(checks, Status.FAILED),
        count(checks, Status.SKIPPED));
  }

  private static long count(List<Check> checks, Status status) {
    return checks.stream().filter(check -> check.status() == status).count();
  }

  private static Map<String, Object> object(RedisConfig redis, List<Check> checks, int code) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("ok", code == ExitCodes.OK);
    object.put("broker", redis.broker().toString());
    object.put("results", redis.results().toString());
    object.put("checks", checks.stream().map(SelftestCommand::object).toList());
    return object;
  }

  private static Map<String, Object> object(Check check) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("name", check.name());
    object.put("status", check.status().name());
    object.put("detail", check.detail());
    object.put("remedy", check.remedy());
    return object;
  }
}
