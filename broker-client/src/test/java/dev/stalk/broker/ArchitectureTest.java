package dev.stalk.broker;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.members;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

/** The arrows between the packages, and what may be seen from outside. */
@AnalyzeClasses(packages = "dev.stalk.broker", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String SECURITY = "dev.stalk.broker.security..";
  private static final String MESSAGE = "dev.stalk.broker.message..";
  private static final String CODEC = "dev.stalk.broker.codec..";
  private static final String TRANSPORT = "dev.stalk.broker.transport..";
  private static final String REDIS = "dev.stalk.broker.redis..";
  private static final String REDIS_LIBRARY = "redis.clients..";

  private static final DescribedPredicate<JavaClass> PUBLIC =
      describe("visible to users", ArchitectureTest::isPublic);

  @ArchTest static final ArchRule messageKnowsNobody = onlyKnows(MESSAGE);

  @ArchTest static final ArchRule securityKnowsNobody = onlyKnows(SECURITY);

  @ArchTest
  static final ArchRule codecKnowsOnlyMessageAndSecurity = onlyKnows(CODEC, MESSAGE, SECURITY);

  @ArchTest static final ArchRule transportKnowsOnlyMessage = onlyKnows(TRANSPORT, MESSAGE);

  @ArchTest
  static final ArchRule redisKnowsOnlyThoseFour =
      onlyKnows(REDIS, MESSAGE, CODEC, TRANSPORT, SECURITY);

  @ArchTest
  static final ArchRule onlyRedisKnowsTheRedisLibrary =
      noClasses()
          .that()
          .resideOutsideOfPackage(REDIS)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(REDIS_LIBRARY);

  @ArchTest
  static final ArchRule onlyCodecKnowsDatabind =
      noClasses()
          .that()
          .resideOutsideOfPackage(CODEC)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("tools.jackson.databind..");

  @ArchTest
  static final ArchRule nothingPublicMentionsTheRedisLibrary =
      members()
          .that()
          .areDeclaredInClassesThat(PUBLIC)
          .and()
          .areNotPrivate()
          .and()
          .areNotPackagePrivate()
          .should(mentionNothingOf(REDIS_LIBRARY));

  @ArchTest
  static final ArchRule nothingPublicExtendsTheRedisLibrary =
      classes().that(PUBLIC).should().notBeAssignableTo(resideInAPackage(REDIS_LIBRARY));

  private static ArchRule onlyKnows(String from, String... others) {
    String[] known = new String[others.length + 1];
    known[0] = from;
    System.arraycopy(others, 0, known, 1, others.length);
    return noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat(resideInAPackage("dev.stalk..").and(not(resideInAnyPackage(known))));
  }

  private static boolean isPublic(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(ArchitectureTest::isPublic).orElse(true);
  }

  private static ArchCondition<JavaMember> mentionNothingOf(String unwanted) {
    return new ArchCondition<>("mention nothing of " + unwanted) {
      @Override
      public void check(JavaMember member, ConditionEvents events) {
        member.getAllInvolvedRawTypes().stream()
            .filter(resideInAPackage(unwanted))
            .forEach(
                type ->
                    events.add(
                        SimpleConditionEvent.violated(
                            member, member.getDescription() + " mentions " + type.getName())));
      }
    };
  }
}
