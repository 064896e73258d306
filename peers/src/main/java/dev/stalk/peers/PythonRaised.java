package dev.stalk.peers;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Python raised an exception. The message begins like Python's last line of it, such as {@code
 * ValueError: no such thing}, and goes on with Python's traceback.
 */
public final class PythonRaised extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String text;
  private final String type;
  private final String module;
  private final JsonNode arguments;
  private final ArrayList<String> mro;
  private final String traceback;

  /** From how {@code session.py} describes it. */
  PythonRaised(JsonNode raised) {
    super(message(raised));
    this.text = raised.required("message").stringValue();
    this.type = raised.required("type").stringValue();
    this.module = raised.required("module").stringValue();
    this.arguments = raised.required("arguments");
    this.mro = new ArrayList<>();
    raised.required("mro").forEach(name -> mro.add(name.stringValue()));
    this.traceback = raised.required("traceback").stringValue();
  }

  private static String message(JsonNode raised) {
    return raised.required("type").stringValue()
        + ": "
        + raised.required("message").stringValue()
        + "\n"
        + raised.required("traceback").stringValue();
  }

  /** What the exception says of itself, {@code str(error)}. */
  public String text() {
    return text;
  }

  /** The name of its class without the module, such as {@code ValueError}. */
  public String type() {
    return type;
  }

  /** The module of its class, such as {@code builtins}. */
  public String module() {
    return module;
  }

  /** Its {@code args}, an array; what JSON cannot say is there as its {@code repr}. */
  public JsonNode arguments() {
    return arguments;
  }

  /**
   * Its class and all its base classes in Python's order, which is what an {@code except} clause
   * goes by: builtin ones by name, others with their module, such as {@code [tasks.Odd, ValueError,
   * Exception, BaseException, object]}.
   */
  public List<String> mro() {
    return List.copyOf(mro);
  }

  /** Python's traceback, with its causes, as Python prints it. */
  public String traceback() {
    return traceback;
  }
}
