package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.EventConfig;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The same workflows through a Celery worker and a Java worker, both with {@code
 * task_inherit_parent_priority}, {@code task_send_sent_event} and no {@code
 * task_create_missing_queues}.
 */
class WorkflowSideBySideIT {
  private static final String OPTIONS =
      """
      {"task_inherit_parent_priority": true, "task_send_sent_event": true,
       "task_create_missing_queues": false}
      """;

  private static Interop peers;
  private static PythonSession python;

  @BeforeAll
  static void start() {
    peers = new Interop();
    peers.twinsWorker("TWIN_OPTIONS", OPTIONS);
    startJavaWorker();
    python =
        peers.closed(
            PythonSession.builder(PythonEnvironment.celery())
                .module("twins")
                .directory(Interop.pythonSources())
                .environment("REDIS_URL", peers.redis().url())
                .environment("TWIN_OPTIONS", OPTIONS)
                .start());
    python.eval("from twins import *; import ear, time");
  }

  private static void startJavaWorker() {
    RoutingConfig routing =
        RoutingConfig.builder()
            .createMissingQueues(false)
            .queue(QueueDeclaration.of("python"))
            .queue(QueueDeclaration.of("java"))
            .build();
    BrokerConfig broker =
        peers
            .config()
            .inheritParentPriority(true)
            .routing(routing)
            .events(EventConfig.DEFAULT.withTaskSent(true))
            .build();
    Worker worker =
        Worker.builder()
            .config(
                WorkerConfig.builder()
                    .broker(broker)
                    .queue("java", QueueConfig.builder().threads(4).build())
                    .build())
            .tasks(new TwinTasks())
            .metrics(new SimpleMeterRegistry())
            .build();
    worker.start();
    peers.closed(worker);
  }

  @AfterAll
  static void stop() throws Exception {
    peers.close();
  }

  @Test
  void prioritiesAreInheritedByTheSameRules() {
    String fromPython = python.eval("repr(priorities('python'))").stringValue();
    String fromJava = python.eval("repr(priorities('java'))").stringValue();

    assertThat(fromJava)
        .isEqualTo(fromPython)
        .isEqualTo(
            "{'plain': 5, 'own': 2, 'first': 0, 'half': 5, 'adopted': 0, 'c1': 5, 'c2': 5,"
                + " 'c3': 5, 'linked': 5, 'l1': 5, 'l2': 5, 'e1': 0, 'e2': 4}");
  }

  @Test
  void whateverIsSentIsTold() {
    python.eval(
        """
        heard = []
        ear.listen(app, lambda event: heard.append(dict(event)))
        def sent(queue):
            send_much(queue)
            end = time.time() + 45
            told = []
            while len(told) < 7 and time.time() < end:
                told = [e for e in list(heard) if e['type'] == 'task-sent' and e['root_id'] == 'root-' + queue]
                time.sleep(0.01)
            keys = ('name', 'retries', 'kwargs', 'queue', 'exchange', 'routing_key', 'expires')
            # of an immutable step Celery shows the list that came in the message, not a tuple
            seen = [[e[k] for k in keys] + [list(eval(e['args'])), e['eta'] is None] for e in told]
            return repr(sorted(seen)).replace(queue, '<queue>')
        """);

    String fromPython = python.eval("sent('python')").stringValue();
    String fromJava = python.eval("sent('java')").stringValue();

    assertThat(fromJava).isEqualTo(fromPython);
    assertThat(fromJava.split("'twin\\.", -1)).as(fromJava).hasSize(8);
  }

  @Test
  @Tag(Interop.NEWER_THAN_5_2) // which stores nothing then
  void aCallbackToAnUndeclaredQueueFailsItsTaskByThatName() {
    String call =
        "view('%s', 'twin.add', (1, 2), link=step('twin.add', 1, 1, queue='nowhere'),"
            + " link_error=step('twin.priority', task_id='%s.told', queue='%s'))";

    String fromPython = python.eval(call.replace("%s", "python")).stringValue();
    String fromJava = python.eval(call.replace("%s", "java")).stringValue();

    assertThat(fromJava).isEqualTo(fromPython).contains("QueueNotFound").contains("nowhere");
    assertThat(python.eval("app.AsyncResult('java.told').get(timeout=40)").intValue()).isZero();
    assertThat(peers.number("LLEN", "nowhere")).isZero();
  }

  @Test
  void anErrbackOrARetryToAnUndeclaredQueueLosesNothing() {
    python.eval(
        """
        failed = app.send_task('twin.fail', ('bad',), queue='java',
                               link_error=[step('twin.add', 1, 1, queue='nowhere'),
                                           step('twin.priority', task_id='other', queue='java')])
        seen = [type(failed.get(timeout=40, propagate=False)).__name__,
                app.AsyncResult('other').get(timeout=40)]
        retried = app.send_task('twin.changed', (1, 'old'), queue='java')
        seen.append(type(retried.get(timeout=40, propagate=False)).__name__)
        """);

    assertThat(python.eval("seen").toString()).isEqualTo("[\"ValueError\",0,\"QueueNotFound\"]");
    assertThat(peers.number("LLEN", "java.quarantine")).isOne();
    assertThat(peers.number("LLEN", "retried")).isZero();
  }
}
