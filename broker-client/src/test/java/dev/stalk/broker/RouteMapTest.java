package dev.stalk.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteMapTest {
  private static SendOptions to(String queue) {
    return SendOptions.onQueue(queue);
  }

  private static String queue(RouteMap routes, String task) {
    SendOptions found = routes.route(TaskSignature.of(task));
    return found == null ? "nothing" : found.queue();
  }

  @Test
  void aNameGoesBeforeEveryPatternWhateverTheOrder() {
    RouteMap routes =
        RouteMap.builder().route("shop.*", to("shop")).route("shop.charge", to("payments")).build();

    assertThat(queue(routes, "shop.charge")).isEqualTo("payments");
    assertThat(queue(routes, "shop.mail")).isEqualTo("shop");
    assertThat(queue(routes, "shop")).isEqualTo("nothing");
  }

  @Test
  void ofThePatternsTheFirstThatMatchesDecides() {
    RouteMap routes =
        RouteMap.builder()
            .route(Pattern.compile("(video|audio)\\."), to("media"))
            .route("video.*", to("video"))
            .route("*", to("rest"))
            .build();

    assertThat(queue(routes, "video.cut")).isEqualTo("media");
    assertThat(queue(routes, "my.video.cut")).isEqualTo("rest");
  }

  @Test
  void whatIsRoutedAgainKeepsItsPlaceAndChangesItsOptions() {
    RouteMap routes =
        RouteMap.builder()
            .route("a.*", to("first"))
            .route("*", to("rest"))
            .route("a.*", to("last"))
            .build();

    assertThat(queue(routes, "a.b")).isEqualTo("last");
  }

  @ParameterizedTest
  @CsvSource({
    "a*, abc, true",
    "a*, 'a\nb', true",
    "*.b, a.b, true",
    "*.b, a.bc, false",
    "a.?*, a., false",
    "a.?*, a.b, true",
    "[ab]*, bc, true",
    "[!ab]*, bc, false",
    "[!ab]*, cb, true",
    "[a-c]*, b, true",
    "[]]*, ]x, true",
    "[x*, [xy, true",
    "a+*, a+b, true",
    "a+*, aab, false",
    "'^a*', '^ab', true",
    "[.]*, ab, false",
    "[!]a]*, b, true",
    "[&&a]*, &, true"
  })
  void globsMatchAsPythonsDo(String glob, String task, boolean matches) {
    RouteMap routes = RouteMap.builder().route(glob, to("q")).build();

    assertThat(queue(routes, task)).isEqualTo(matches ? "q" : "nothing");
  }

  @Test
  void mapsOfTheSameRoutesInTheSameOrderAreEqual() {
    RouteMap.Builder one =
        RouteMap.builder().route("a.*", to("a")).route(Pattern.compile("b"), to("b"));
    RouteMap.Builder two =
        RouteMap.builder().route("a.*", to("a")).route(Pattern.compile("b"), to("b"));

    assertThat(one.build()).isEqualTo(two.build()).hasSameHashCodeAs(two.build());
    assertThat(one.build())
        .isNotEqualTo(
            RouteMap.builder().route(Pattern.compile("b"), to("b")).route("a.*", to("a")).build())
        .isNotEqualTo(two.route("c", to("c")).build());
  }

  @Test
  void aRouteWithoutANameIsRefused() {
    assertThatThrownBy(() -> RouteMap.builder().route(" ", to("q")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs the name of a task");
  }
}
