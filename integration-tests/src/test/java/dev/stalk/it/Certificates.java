package dev.stalk.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An authority, and a server's and a client's certificate of it, made anew in a directory. */
final class Certificates {
  private final Path directory;

  private Certificates(Path directory) {
    this.directory = directory;
  }

  /**
   * Makes them.
   *
   * @param serverName what the server's certificate is for, such as {@code IP:127.0.0.1}
   */
  static Certificates make(Path directory, String serverName) throws Exception {
    Certificates made = new Certificates(directory);
    made.openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test-ca",
        "-keyout",
        made.file("ca.key"),
        "-out",
        made.file("ca.pem"));
    made.signed("server", serverName);
    made.signed("client", "DNS:client");
    made.openssl(
        "rsa", "-in", made.file("client.key"), "-traditional", "-out", made.file("client-1.key"));
    Files.writeString(
        directory.resolve("client-both.pem"),
        Files.readString(directory.resolve("client.pem"))
            + Files.readString(directory.resolve("client.key")));
    return made;
  }

  private void signed(String name, String subject) throws Exception {
    Files.writeString(directory.resolve(name + ".ext"), "subjectAltName=" + subject + "\n");
    openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=" + name,
        "-keyout",
        file(name + ".key"),
        "-out",
        file(name + ".csr"));
    openssl(
        "x509",
        "-req",
        "-in",
        file(name + ".csr"),
        "-CA",
        file("ca.pem"),
        "-CAkey",
        file("ca.key"),
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        file(name + ".ext"),
        "-out",
        file(name + ".pem"));
  }

  /** The path of {@code ca.pem}, {@code server.key} and so on. */
  String file(String name) {
    return directory.resolve(name).toString();
  }

  private void openssl(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(DebianRedis.openssl().toString()));
    command.addAll(Arrays.asList(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError(command + ": " + output);
    }
  }
}
