package dev.stalk.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Python process that evaluates what it is given and keeps what it was told: a real Celery client
 * for tests.
 *
 * <p>Requests and replies are lines of JSON on the process's own input and output; what Python code
 * prints goes to {@link #output}. Evaluations take place one at a time, others wait. A daemon
 * thread {@code peer-python-exchange} writes and reads, so that a reply that does not come can be
 * given up.
 *
 * <pre>{@code
 * try (PythonSession python =
 *     PythonSession.builder(PythonEnvironment.celery()).directory(sources).module("tasks").start()) {
 *   python.eval("result = add.delay(x, 3)", Map.of("x", 2));
 *   assertThat(python.eval("result.get(timeout=10)").intValue()).isEqualTo(5);
 * }
 * }</pre>
 */
public final class PythonSession implements AutoCloseable {

  private static final Duration STARTUP = Duration.ofSeconds(90);
  private static final Duration FAREWELL = Duration.ofSeconds(5);
  private static final JsonMapper json = new JsonMapper();

  private final ChildProcess process;
  private final Duration patience;
  private final OutputStream requests;
  private final BufferedReader replies;
  private final ExecutorService exchanges;

  private PythonSession(ChildProcess process, Duration patience) {
    this.process = process;
    this.patience = patience;
    this.requests = process.standardInput();
    this.replies =
        new BufferedReader(new InputStreamReader(process.standardOutput(), StandardCharsets.UTF_8));
    this.exchanges = Executors.newSingleThreadExecutor(PythonSession::exchangeThread);
  }

  private static Thread exchangeThread(Runnable work) {
    Thread thread = new Thread(work, "peer-python-exchange");
    thread.setDaemon(true);
    return thread;
  }

  /** A session to be described, with the Celery in that environment. */
  public static Builder builder(PythonEnvironment environment) {
    return new Builder(environment);
  }

  /** Evaluates code with no new variables; see {@link #eval(String, Map)}. */
  public JsonNode eval(String code) {
    return eval(code, Map.of());
  }

  /**
   * Runs Python code. The names of the session's module, its Celery app as {@code app}, and all
   * that earlier code has defined are there.
   *
   * @param code statements or an expression
   * @param variables names to define before, with values that Jackson writes; they stay defined
   * @return the value of the expression that the code ends with, else JSON's null; what JSON cannot
   *     say is there as its {@code repr}
   * @throws PythonRaised if the code raises
   * @throws PeerUnavailableException if there is no answer in time, or the process is gone. The
   *     session is over then.
   */
  public synchronized JsonNode eval(String code, Map<String, ?> variables) {
    byte[] request = json.writeValueAsBytes(Map.of("code", code, "variables", variables));
    return valueOf(await(() -> exchange(request), patience));
  }

  private @Nullable String exchange(byte[] request) throws IOException {
    requests.write(request);
    requests.write('\n');
    requests.flush();
    return replies.readLine();
  }

  private static JsonNode valueOf(String reply) {
    JsonNode answer = json.readTree(reply);
    JsonNode raised = answer.get("raised");
    if (raised != null) {
      throw new PythonRaised(raised);
    }
    return answer.required("value");
  }

  private String await(Callable<@Nullable String> exchange, Duration limit) {
    try {
      String reply = exchanges.submit(exchange).get(limit.toNanos(), TimeUnit.NANOSECONDS);
      if (reply == null) {
        process.ended(FAREWELL);
        throw over("The Python session ended.");
      }
      return reply;
    } catch (TimeoutException e) {
      throw over("The Python session did not answer within " + limit + ".");
    } catch (ExecutionException e) {
      throw over("The Python session is gone: " + e.getCause() + ".");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw over("Was interrupted while the Python session worked.");
    }
  }

  /**
   * A reply may still come and be taken for that to a later request, so there are no later ones.
   */
  private PeerUnavailableException over(String what) {
    PeerUnavailableException trouble = process.trouble(what);
    process.kill();
    return trouble;
  }

  /** What Python code has printed, and Python's own complaints. */
  public List<String> output() {
    return process.output().lines();
  }

  /** The number of the process. */
  public long pid() {
    return process.pid();
  }

  /** Ends the process by the end of its input; kills it if it is still at work. */
  @Override
  public void close() {
    try {
      requests.close();
    } catch (IOException e) {
      // the process is gone already
    }
    if (!process.ended(FAREWELL)) {
      process.kill();
    }
    exchanges.shutdownNow();
  }

  /** Describes a session. For one thread. */
  public static final class Builder {

    private final PythonCommand command;
    private String module = "";
    private Duration patience = Duration.ofSeconds(90);

    private Builder(PythonEnvironment environment) {
      this.command = new PythonCommand(environment);
    }

    /** The working directory, where the module lies. By default this process's own. */
    public Builder directory(Path existing) {
      command.directory(existing);
      return this;
    }

    /** The module whose names the code sees, and whose Celery app is {@code app}. */
    public Builder module(String name) {
      this.module = name;
      return this;
    }

    /** A variable for the process's environment. */
    public Builder environment(String name, String value) {
      command.variable(name, value);
      return this;
    }

    /** Variables for the process's environment. */
    public Builder environment(Map<String, String> variables) {
      command.variables(variables);
      return this;
    }

    /**
     * How long one evaluation may take, by default 90 seconds: what waits a minute in it can tell
     * that it waited in vain.
     */
    public Builder patience(Duration limit) {
      this.patience = limit;
      return this;
    }

    /**
     * Starts the process and imports the module.
     *
     * @throws PythonRaised if the import raises
     * @throws PeerUnavailableException if the process ends, or is not ready within 90 seconds
     */
    public PythonSession start() {
      ProcessBuilder builder = command.with(List.of("-c", script(), module));
      PythonSession session = new PythonSession(ChildProcess.start("python", builder), patience);
      try {
        valueOf(session.await(session.replies::readLine, STARTUP));
        return session;
      } catch (RuntimeException e) {
        session.close();
        throw e;
      }
    }

    private static String script() {
      try (InputStream file = PythonSession.class.getResourceAsStream("session.py")) {
        if (file == null) {
          throw new IllegalStateException("session.py is missing beside this class");
        }
        return new String(file.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
