package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeersDirectoryTest {

  @TempDir private Path root;

  @Test
  void theOneAskedForComesFirst() {
    assertThat(PeersDirectory.find(Optional.of("/some/where"), root, root))
        .isEqualTo(Path.of("/some/where"));
  }

  @Test
  void aCheckoutHasItsOwn() throws Exception {
    Path module = Files.createDirectories(root.resolve("checkout/module/target"));
    Files.createFile(root.resolve("checkout/mvnw"));

    assertThat(PeersDirectory.find(Optional.empty(), module, root))
        .isEqualTo(root.resolve("checkout/.peers"));
  }

  @Test
  void elsewhereItIsInTheCacheOfTheUser() {
    assertThat(PeersDirectory.find(Optional.empty(), root, Path.of("/home/somebody")))
        .isEqualTo(Path.of("/home/somebody/.cache/stalk"));
  }
}
