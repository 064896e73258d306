package dev.stalk.broker;

import java.util.regex.Pattern;

/** Shell patterns as Python reads them ({@code fnmatch.translate}). */
final class Glob {
  private Glob() {}

  /** The regular expression that matches the same texts, from beginning to end. */
  static String regex(String glob) {
    StringBuilder regex = new StringBuilder("(?s)");
    for (int i = 0; i < glob.length(); ) {
      char c = glob.charAt(i);
      int end = c == '[' ? endOfSet(glob, i) : -1;
      if (end > 0) {
        set(glob.substring(i + 1, end), regex);
        i = end + 1;
        continue;
      }
      switch (c) {
        case '*' -> regex.append(".*");
        case '?' -> regex.append('.');
        default -> regex.append(Pattern.quote(String.valueOf(c)));
      }
      i++;
    }
    return regex.append("\\z").toString();
  }

  /** Where the set that begins here ends; -1 if it does not, and is a mere bracket. */
  private static int endOfSet(String glob, int start) {
    int first = start + 1;
    if (glob.startsWith("!", first)) {
      first++;
    }
    return glob.indexOf(']', first + 1);
  }

  private static void set(String members, StringBuilder regex) {
    boolean other = members.startsWith("!");
    String of = other ? members.substring(1) : members;
    regex.append(other ? "[^" : "[");
    for (int i = 0; i < of.length(); i++) {
      char c = of.charAt(i);
      boolean range = c == '-' && i > 0 && i < of.length() - 1;
      if (!range && !Character.isLetterOrDigit(c)) {
        regex.append('\\');
      }
      regex.append(c);
    }
    regex.append(']');
  }
}
