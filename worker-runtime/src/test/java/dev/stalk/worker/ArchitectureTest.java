package dev.stalk.worker;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The arrows between packages, and what the outside may see. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .importUrl(Worker.class.getProtectionDomain().getCodeSource().getLocation())
          .that(resideInAPackage("dev.stalk.worker.."));

  @Test
  void theWorkerKnowsOfTheBrokerClientAllButItsRedisPart() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            not(resideInAPackage("dev.stalk.."))
                .or(
                    resideInAnyPackage(
                        "dev.stalk.worker..",
                        "dev.stalk.broker",
                        "dev.stalk.broker.message",
                        "dev.stalk.broker.codec",
                        "dev.stalk.broker.security",
                        "dev.stalk.broker.transport")))
        .check(CLASSES);
  }

  @Test
  void nobodyHereKnowsTheRedisLibrary() {
    noClasses().should().dependOnClassesThat().resideInAPackage("redis.clients..").check(CLASSES);
  }

  @Test
  void theConfigurationKnowsNothingOfTheRuntime() {
    noClasses()
        .that()
        .resideInAPackage("dev.stalk.worker.config..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.stalk.worker")
        .check(CLASSES);
  }

  @Test
  void onlyWhatUsersNeedIsPublic() {
    assertThat(CLASSES.stream())
        .filteredOn(type -> type.getPackageName().equals("dev.stalk.worker"))
        .filteredOn(ArchitectureTest::isVisible)
        .extracting(type -> type.getName().substring("dev.stalk.worker.".length()))
        .containsExactlyInAnyOrder(
            "Worker",
            "Worker$Builder",
            "ConfigReload",
            "Task",
            "TaskHandler",
            "TaskContext",
            "TaskArguments",
            "TaskArgumentException",
            "TaskOptions",
            "TaskOptions$Builder",
            "TaskRate",
            "RetryPolicy",
            "RetryPolicy$Builder",
            "RetryTask",
            "IgnoreTask",
            "RejectTask",
            "SoftTimeLimitExceeded",
            "PythonError",
            "TaskInterceptor",
            "TaskListener",
            "EagerWorker",
            "WorkerTime",
            "WorkerTime$Scheduler",
            "TaskFactory");
  }

  /** A public class in one that is not is hidden with it. */
  private static boolean isVisible(JavaClass type) {
    Optional<JavaClass> around = type.getEnclosingClass();
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && around.map(ArchitectureTest::isVisible).orElse(true);
  }

  @Test
  void namesSayWhatAClassIs() {
    noClasses()
        .should()
        .haveSimpleNameEndingWith("Util")
        .orShould()
        .haveSimpleNameEndingWith("Utils")
        .orShould()
        .haveSimpleNameEndingWith("Helper")
        .orShould()
        .haveSimpleNameEndingWith("Manager")
        .orShould()
        .haveSimpleNameEndingWith("Impl")
        .orShould()
        .haveSimpleNameStartingWith("Abstract")
        .check(CLASSES);
  }
}
