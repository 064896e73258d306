package dev.stalk.cli;

/** How {@code stalk} ends; the large ones are those of {@code sysexits.h}. */
public final class ExitCodes {
  /** It was done. */
  public static final int OK = 0;

  /** The task failed or gave no result in time, or a check failed. */
  public static final int FAILED = 1;

  /** Wrong arguments, or a configuration that cannot be used. */
  public static final int USAGE = 2;

  /** The broker cannot be reached, or cannot serve now; later it may. */
  public static final int UNAVAILABLE = 69;

  /** Something is wrong with Stalk itself. */
  public static final int INTERNAL = 70;

  /** The broker refuses the user. */
  public static final int REFUSED = 77;

  static final String HEADING = "%nExit codes:%n";
  static final String OK_LINE = "0:done";
  static final String USAGE_LINE = "2:wrong arguments or configuration";
  static final String UNAVAILABLE_LINE = "69:the broker cannot be reached, or cannot serve now";
  static final String INTERNAL_LINE = "70:an error in Stalk itself";
  static final String REFUSED_LINE =
      "77:the broker refuses the user: wrong password, missing right";

  private ExitCodes() {}
}
